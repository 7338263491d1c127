/** Back to an earlier revision: its files as they were, and no others. */
import { fail } from '../../../core/errors.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { keptFiles, type FileChanges } from './guest-network.ts';
import type { Situation } from './situation.ts';
import { requireRevision } from './history.ts';

/** @throws bad-argument, not-found */
export function restoring(house: House, supervisor: Supervisor, number: number | undefined): (stands: Situation) => FileChanges {
  if (number === undefined) throw fail('bad-argument', 'name the revision to restore', { hint: `see: holdfast net history ${supervisor.name}` });
  const { files } = requireRevision(house, supervisor, number);
  const wanted = new Set(files.map(({ path }) => path));
  return ({ look }) => ({ write: files, setAside: keptFiles(look.files).map(({ path }) => path).filter((path) => !wanted.has(path)) });
}
