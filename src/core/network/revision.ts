/** The history of a guest's netplan files: each revision is the whole of /etc/netplan, with how it came about and what became of it. */

/** A file of the guest's with all that makes it the same file again. */
export interface GuestFile {
  readonly path: string;
  /** Permission bits: 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly content: string;
}

/** `launch`: what the guest began with. `hand`: somebody changed it in the guest. */
export const ORIGINS = ['launch', 'hand', 'holdfast'] as const;
export type Origin = (typeof ORIGINS)[number];

/** `seen`: it was found so. `applied`: it is armed, and neither confirmed nor undone yet. */
export const OUTCOMES = ['seen', 'applied', 'committed', 'rolled-back'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Revision {
  /** From 1, never used again for the same instance. */
  readonly number: number;
  readonly at: string;
  readonly origin: Origin;
  /** Of Holdfast's own: `net static`. */
  readonly command: string | null;
  /** Of Holdfast's own: id of the transaction, which is that of its operation. */
  readonly transaction: string | null;
  readonly outcome: Outcome;
  /** Why it was undone. */
  readonly reason: string | null;
  readonly files: readonly GuestFile[];
}

/** The last one that was left as it is: what the guest has unless somebody has changed it since. */
export function standing<R extends Pick<Revision, 'outcome'>>(revisions: readonly R[]): R | undefined {
  return revisions.findLast(({ outcome }) => outcome === 'seen' || outcome === 'committed');
}

export interface FileChange {
  readonly path: string;
  readonly kind: 'made' | 'removed' | 'changed';
}

/** By path; a file whose mode or owner alone is another has changed too. */
export function changedFiles(before: readonly GuestFile[], after: readonly GuestFile[]): FileChange[] {
  const [old, now] = [byPath(before), byPath(after)];
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((path): FileChange[] => {
    const [a, b] = [old.get(path), now.get(path)];
    if (a === undefined || b === undefined) return [{ path, kind: a === undefined ? 'made' : 'removed' }];
    return a.content === b.content && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid ? [] : [{ path, kind: 'changed' }];
  });
}

function byPath(files: readonly GuestFile[]): Map<string, GuestFile> {
  return new Map(files.map((file) => [file.path, file]));
}
