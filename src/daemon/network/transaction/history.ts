/** The history of an instance's netplan files as the API tells it. */
import type { WireNetworkDiff, WireRevision } from '../../../api/network-schemas.ts';
import { fail } from '../../../core/errors.ts';
import { changedFiles, standing, type GuestFile, type Revision } from '../../../core/network/revision.ts';
import { unifiedDiff } from '../../../core/text-diff.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';

/** @throws instance-not-found */
export function networkHistory(house: House, name: string): WireRevision[] {
  const all = house.history.all(house.registry.require(name).id);
  const current = standing(all);
  return all.map((revision, index) => {
    const { number, at, origin, command, transaction, outcome, reason, files } = revision;
    const before = standing(all.slice(0, index));
    return { number, at, origin, command, transaction, outcome, reason, current: revision === current, changed: changedFiles(before?.files ?? [], files) };
  });
}

/** @param to  another revision; the one that stood before `from` when undefined, and then it is shown what `from` changed  @throws instance-not-found, not-found */
export function networkDiff(house: House, name: string, from: number, to: number | undefined): WireNetworkDiff {
  const supervisor = house.registry.require(name);
  const first = requireRevision(house, supervisor, from);
  const before = standing(house.history.all(supervisor.id).filter(({ number }) => number < from));
  const [old, now] = to === undefined ? [before, first] : [first, requireRevision(house, supervisor, to)];
  const changes = changedFiles(old?.files ?? [], now.files);
  return {
    from: old?.number ?? 0, to: now.number,
    files: changes.map(({ path, kind }) => {
      const [a, b] = [fileOf(old, path), fileOf(now, path)];
      return { path, kind, diff: unifiedDiff([`${path} (revision ${old?.number ?? 0})`, `${path} (revision ${now.number})`], a?.content, b?.content), was: rightsOf(a), is: rightsOf(b) };
    }),
  };
}

/** @throws not-found */
export function requireRevision({ history }: House, { id, name }: Supervisor, number: number): Revision {
  const found = history.get(id, number);
  if (found === undefined) throw fail('not-found', `${name} has no revision ${number}`, { hint: `see which there are: holdfast net history ${name}` });
  return found;
}

function fileOf(revision: Revision | undefined, path: string): GuestFile | undefined {
  return revision?.files.find((file) => file.path === path);
}

/** `600 0:0` */
function rightsOf(file: GuestFile | undefined): string | null {
  return file === undefined ? null : `${file.mode.toString(8).padStart(3, '0')} ${file.uid}:${file.gid}`;
}
