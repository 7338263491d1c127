/** Snapshots as they are kept; all are in memory too, since every list counts them. They go with their instance. */
import type { InstanceSpec } from '../core/instance.ts';
import type { Snapshot } from '../core/snapshots.ts';
import type { Db, Row } from './db.ts';

export interface SnapshotStore {
  /** Of an instance, in the order in which they were taken. */
  of(instance: string): readonly Snapshot[];
  /** The one that its disk came from last. */
  headOf(instance: string): string | null;
  /** How many it has ever had. */
  takenOf(instance: string): number;
  /** It is the head from now on. */
  add(instance: string, snapshot: Snapshot): void;
  /** Those that lay on it lie on its parent. */
  remove(instance: string, id: string): void;
  setHead(instance: string, id: string): void;
  describe(instance: string, id: string, change: { readonly name?: string; readonly comment?: string }): void;
  /** The instance has been removed, and with it its rows. */
  forget(instance: string): void;
  ids(): ReadonlySet<string>;
}

interface Tree {
  snapshots: Snapshot[];
  head: string | null;
  taken: number;
}

export function snapshotStore(db: Db): SnapshotStore {
  const trees = new Map<string, Tree>();
  const treeOf = (instance: string): Tree => {
    const tree = trees.get(instance) ?? { snapshots: [], head: null, taken: 0 };
    trees.set(instance, tree);
    return tree;
  };
  for (const row of db.all('SELECT * FROM snapshots ORDER BY created_at, rowid')) treeOf(String(row['instance'])).snapshots.push(fromRow(row));
  for (const row of db.all('SELECT * FROM snapshot_heads')) Object.assign(treeOf(String(row['instance'])), { head: row['head'], taken: Number(row['taken']) });

  const keepHead = (instance: string, { head, taken }: Tree): void => db.run(
    'INSERT INTO snapshot_heads (instance, head, taken) VALUES (?, ?, ?) ON CONFLICT (instance) DO UPDATE SET head = excluded.head, taken = excluded.taken', instance, head, taken,
  );
  /** Memory follows once it is kept. */
  const change = (instance: string, tree: Tree, keep: () => void): void => {
    db.transaction(() => {
      keep();
      keepHead(instance, tree);
    });
    trees.set(instance, tree);
  };
  return {
    of: (instance) => trees.get(instance)?.snapshots ?? [],
    headOf: (instance) => trees.get(instance)?.head ?? null,
    takenOf: (instance) => trees.get(instance)?.taken ?? 0,
    add(instance, snapshot) {
      const { snapshots, taken } = treeOf(instance);
      change(instance, { snapshots: [...snapshots, snapshot], head: snapshot.id, taken: taken + 1 }, () => db.run(
        'INSERT INTO snapshots (id, instance, name, comment, parent, live, spec, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        snapshot.id, instance, snapshot.name, snapshot.comment, snapshot.parent, Number(snapshot.live), JSON.stringify(snapshot.spec), snapshot.createdAt,
      ));
    },
    remove(instance, id) {
      const { snapshots, head, taken } = treeOf(instance);
      const parent = snapshots.find((each) => each.id === id)?.parent ?? null;
      const left = snapshots.filter((each) => each.id !== id).map((each) => (each.parent === id ? { ...each, parent } : each));
      change(instance, { snapshots: left, head: head === id ? parent : head, taken }, () => {
        db.run('UPDATE snapshots SET parent = ? WHERE instance = ? AND parent = ?', parent, instance, id);
        db.run('DELETE FROM snapshots WHERE id = ?', id);
      });
    },
    setHead: (instance, id) => change(instance, { ...treeOf(instance), head: id }, () => {}),
    describe(instance, id, changed) {
      const tree = treeOf(instance);
      const snapshots = tree.snapshots.map((each) => (each.id === id ? { ...each, ...changed } : each));
      const { name = '', comment = '' } = snapshots.find((each) => each.id === id) ?? {};
      change(instance, { ...tree, snapshots }, () => db.run('UPDATE snapshots SET name = ?, comment = ? WHERE id = ?', name, comment, id));
    },
    forget: (instance) => void trees.delete(instance),
    ids: () => new Set([...trees.values()].flatMap(({ snapshots }) => snapshots.map(({ id }) => id))),
  };
}

function fromRow(row: Row): Snapshot {
  return {
    id: String(row['id']), name: String(row['name']), comment: String(row['comment']), parent: row['parent'] === null ? null : String(row['parent']),
    live: row['live'] === 1, createdAt: String(row['created_at']), spec: JSON.parse(String(row['spec'])) as InstanceSpec,
  };
}
