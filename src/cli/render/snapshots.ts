/** `holdfast list --snapshots` and what `info` says of snapshots, in each format. */
import type { WireSnapshot } from '../../api/schemas.ts';
import { showSize } from '../../core/sizes.ts';
import { always, csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson, type Json } from './json.ts';
import { mountFields, mountPlaces, mountSources } from './mounts.ts';
import { oneLine } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

const LABEL_WIDTH = 16;
const NONE = '--';
const COMMENT_LENGTH = 50;

export function renderSnapshots(snapshots: readonly WireSnapshot[], format: Format): string {
  return LIST[format](snapshots);
}

const LIST = {
  table: (snapshots: readonly WireSnapshot[]): string => (snapshots.length === 0 ? 'No snapshots found.\n' : table(
    [{ title: 'Instance' }, { title: 'Snapshot' }, { title: 'Parent' }, { title: 'Comment' }],
    snapshots.map(({ instance, name, parent, comment }) => [instance, name, parent ?? NONE, shortened(comment) || NONE]),
  )),
  json: (snapshots: readonly WireSnapshot[]): string => toJson({
    errors: [],
    info: byInstance(snapshots, (each) => Object.fromEntries(each.map(({ name, parent, comment }) => [name, { parent: parent ?? '', comment }]))),
  }),
  csv: (snapshots: readonly WireSnapshot[]): string => csvLine(['Instance', 'Snapshot', 'Parent', 'Comment'])
    + snapshots.map(({ instance, name, parent, comment }) => csvLine([instance, name, parent ?? '', always(comment)])).join(''),
  yaml: (snapshots: readonly WireSnapshot[]): string => (snapshots.length === 0 ? '\n' : toYaml(
    byInstance(snapshots, (each) => each.map(({ name, parent, comment }) => ({ [name]: [{ parent, comment: comment || null }] }))),
  )),
} satisfies Record<Format, unknown>;

/** One record of `info`'s table. */
export function snapshotRecord({ instance, name, cpus, diskBytes, memoryBytes, createdAt, parent, children, comment, live, mounts }: WireSnapshot): string {
  const rows: readonly (readonly [label: string, ...values: string[]])[] = [
    ['Snapshot', name], ['Instance', instance], ['CPU(s)', String(cpus)], ['Disk space', showSize(diskBytes)], ['Memory size', showSize(memoryBytes)], ['Mounts', ...mountPlaces({ mounts })],
    ['Created', createdAt], ['Parent', parent ?? NONE], ['Children', ...(children.length > 0 ? children : [NONE])], ['Comment', ...(comment ? comment.split('\n') : [NONE])], ...(live ? [['Memory', 'saved: restored, it goes on from there'] as const] : []),
  ];
  return rows.flatMap(([label, ...values]) => values.map((value, at) => `${(at === 0 ? `${label}:` : '').padEnd(LABEL_WIDTH)}${oneLine(value)}\n`)).join('');
}

/** As Multipass has it: `size` is never known. */
export function snapshotFacts({ cpus, diskBytes, memoryBytes, createdAt, parent, children, comment, live, mounts }: WireSnapshot): { readonly [key: string]: Json } {
  return {
    size: '', cpu_count: String(cpus), disk_space: showSize(diskBytes), memory_size: showSize(memoryBytes), mounts: mountSources({ mounts }), created: createdAt,
    parent: parent ?? '', children: [...children], comment, live,
  };
}

/** What is empty is null there, but for the children. */
export function snapshotYaml(snapshot: WireSnapshot): { readonly [key: string]: Json } {
  const { cpus, children, parent, comment } = snapshot;
  return { ...snapshotFacts(snapshot), size: null, cpu_count: cpus, mounts: snapshot.mounts ? mountSources(snapshot) : null, parent, children: [...children], comment: comment || null };
}

export const SNAPSHOT_TITLES = ['Snapshot', 'Instance', 'CPU(s)', 'Disk space', 'Memory size', 'Mounts', 'Created', 'Parent', 'Children', 'Comment', 'Live'];

export function snapshotFields({ instance, name, cpus, diskBytes, memoryBytes, createdAt, parent, children, comment, live, mounts }: WireSnapshot): Parameters<typeof csvLine>[0] {
  return [name, instance, cpus, showSize(diskBytes), showSize(memoryBytes), mountFields({ mounts }), createdAt, parent ?? '', children.join(';'), always(comment), live];
}

/** In the order in which they come. */
function byInstance<T>(snapshots: readonly WireSnapshot[], of: (each: readonly WireSnapshot[]) => T): Record<string, T> {
  const names = [...new Set(snapshots.map(({ instance }) => instance))];
  return Object.fromEntries(names.map((name) => [name, of(snapshots.filter(({ instance }) => instance === name))]));
}

function shortened(comment: string): string {
  const [line = ''] = comment.split('\n');
  const cut = Array.from(line).slice(0, COMMENT_LENGTH).join('');
  return oneLine(cut) + (cut.length < comment.length ? '…' : '');
}
