/** Ends the process of a machine that nobody holds: by its record, or by what its monitor says of itself. */
import { stat } from 'node:fs/promises';
import { readPidFile } from '../../host/process/detached.ts';
import { endBySignals, isSameProcess, processStartTime, type ProcessIdentity } from '../../host/process/identity.ts';
import type { MachineSpec } from '../driver.ts';
import { machineUuid } from './identity.ts';
import type { MachineFiles } from './layout.ts';
import { QmpClient } from './qmp/client.ts';
import { readState } from './state-file.ts';
import { unkillable } from './unkillable.ts';

const TERM_MS = 2_000;

/** Nothing where it does not run. @param name  for the error  @throws machine-failed when it does not end */
export async function endProcess({ id, name }: Pick<MachineSpec, 'id' | 'name'>, files: MachineFiles): Promise<void> {
  const state = await readState(files.state).catch(() => undefined);
  const run = state?.run;
  // What is recorded may be a run before: the start of this one was cut off before it was written down.
  const identity = run && await isSameProcess(run) ? run : await unrecorded(id, files, state?.uid);
  if (identity === undefined) return;
  if (!(await endBySignals(identity, TERM_MS))) throw unkillable(identity, name);
}

/** Its pid and its monitor are its own word: believed of a process that runs under the machine's identity. */
async function unrecorded(id: string, files: MachineFiles, uid: number | null | undefined): Promise<ProcessIdentity | undefined> {
  const pid = await readPidFile(files.run.pid);
  const startTime = pid === undefined ? undefined : await processStartTime(pid);
  if (pid === undefined || startTime === undefined || (typeof uid === 'number' && await ownerOf(pid) !== uid)) return undefined;
  const monitor = await QmpClient.connect(files.run.monitor, 2_000).catch(() => undefined);
  if (monitor === undefined) return undefined;
  await using held = monitor;
  const { UUID } = await held.execute('query-uuid');
  return UUID === machineUuid(id) ? { pid, startTime } : undefined;
}

/** Where a machine has an identity of its own there is procfs. */
function ownerOf(pid: number): Promise<number | undefined> {
  return stat(`/proc/${pid}`).then(({ uid }) => uid, () => undefined);
}
