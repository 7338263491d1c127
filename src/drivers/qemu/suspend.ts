/** Suspends a machine into a file and takes it up again: memory, processors and devices, exactly as they were. */
import { chmod, chown, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { MachineSpec, Work } from '../driver.ts';
import { orAbort, timeLimit } from '../../guest/ssh/time-limit.ts';
import { qemuVersion } from './binary.ts';
import type { Card } from './command-line/input.ts';
import type { SetClock } from './hold-guest.ts';
import { startIncoming } from './incoming.ts';
import { FIRST_DESCRIPTOR } from './launch.ts';
import type { OpenDiskBase } from './layers/layer-store.ts';
import type { MachineFiles } from './layout.ts';
import { WHOLE_MS, type QemuMachine } from './machine.ts';
import { requireFree } from './disk.ts';
import type { Started } from './start.ts';
import { changeRun, changeState, readState, recordClockSet, type MachineState } from './state-file.ts';
import { goOn, holdStill, loadState, memoryFormat, requireUncrashed, saveState, type SavedMachine } from './state-transfer.ts';

export const suspendedPath = (files: MachineFiles): string => join(files.directory, 'suspended');

/** The machine goes on where anything fails, as soon as it can be told. @throws machine-failed, no-space, cancelled */
export async function suspendMachine(machine: MachineSpec, { hypervisor, whole }: QemuMachine, files: MachineFiles, signal: AbortSignal): Promise<void> {
  await untilWhole(machine.name, 'suspended', whole, signal);
  const state = await readState(files.state);
  if (!state?.run) throw fail('machine-failed', `${machine.name} does not run`);
  const path = suspendedPath(files);
  // Of a daemon that was killed over it: that may be what fills the disk.
  await rm(`${path}.tmp`, { force: true });
  await requireFree(files.directory);
  const format = memoryFormat(await qemuVersion(machine.architecture));
  await changeRun(files.state, state.run, (run) => ({ ...run, suspending: true }));
  try {
    await holdStill(hypervisor.monitor);
    await requireUncrashed(machine.name, 'suspended', hypervisor);
    await saveState(hypervisor.monitor, { kind: format, path: `${path}.tmp`, socketPath: files.run.migration, uid: state.uid, memoryBytes: machine.spec.memoryBytes });
    await requireUncrashed(machine.name, 'suspended', hypervisor);
    await own(`${path}.tmp`, state.uid);
    await rename(`${path}.tmp`, path);
    const suspended = { format, accelerator: state.run.accelerator, cpus: machine.spec.cpus, memoryBytes: machine.spec.memoryBytes };
    await changeState(files.state, (now) => ({ ...now, suspended }));
  } catch (error) {
    // Not recorded: a record is written whole or not at all.
    for (const left of [`${path}.tmp`, path]) await rm(left, { force: true });
    // Where it cannot be told now, that is still recorded, and it is told later.
    await endSuspending(files, hypervisor).catch(() => undefined);
    throw error;
  }
  await hypervisor.suspended();
}

/** What a suspend that failed left, or one that a daemon was killed over: the guest goes on. One that somebody else has paused stays so. */
export async function endSuspending(files: MachineFiles, machine: SavedMachine): Promise<void> {
  const { run, suspended } = await readState(files.state) ?? {};
  // What is saved must not go on.
  if (!run?.suspending || suspended) return;
  await goOn(machine);
  await rm(`${suspendedPath(files)}.tmp`, { force: true });
  await changeRun(files.state, run, ({ suspending: _suspending, ...rest }) => rest);
}

/**
 * The file is of use until the guest goes on: what it writes to its disk then is not in that memory. Whatever fails after that, it is
 * not taken up again. @throws machine-failed
 */
export async function resumeMachine(
  machine: MachineSpec, parts: { readonly files: MachineFiles; readonly openBase: OpenDiskBase; readonly state: MachineState; readonly kvmGid: number | undefined; readonly cards: readonly Card[]; readonly setClock: SetClock; readonly log: (cause: string, message: string) => void }, work: Work,
): Promise<Started & { readonly clockBehind: boolean }> {
  const { files, state } = parts;
  const { suspended } = state;
  const path = suspendedPath(files);
  if (!suspended || !(await stat(path).then(() => true, () => false))) {
    throw fail('machine-failed', `what ${machine.name} was suspended to is gone`, { hint: `boot it instead: ${bootInstead(machine.name)}` });
  }
  work.progress(`Resuming ${machine.name}`);
  await using saved = await open(path, 'r');
  let goesOn = false;
  try {
    const started = await startIncoming({ ...machine, spec: { ...machine.spec, cpus: suspended.cpus, memoryBytes: suspended.memoryBytes } }, {
      ...parts, accelerator: suspended.accelerator, memory: { kind: 'own' }, descriptors: suspended.format === 'stream' ? [saved.fd] : [],
      load: (monitor) => loadState(monitor, { memoryBytes: suspended.memoryBytes, ...(suspended.format === 'stream' ? { kind: 'stream', descriptor: FIRST_DESCRIPTOR } : { kind: 'mapped', path }) }),
      async arrive({ monitor }, settle) {
        await settle({ clockBehind: true });
        goesOn = true;
        await monitor.execute('cont');
      },
      arrived: { ...state, suspended: null },
    }, work);
    await rm(path, { force: true });
    return { ...started, clockBehind: !(await isClockSet(machine.name, started, parts, work.signal)) };
  } catch (error) {
    if (work.signal.aborted) throw error;
    throw fail('machine-failed', `${machine.name} cannot be resumed: ${error instanceof Error ? error.message : String(error)}`, {
      hint: goesOn ? `its memory is lost, its disk is as after a power cut: the next start boots it: holdfast start ${machine.name}`
        : `its disk is as it was when it was suspended; to boot it instead: ${bootInstead(machine.name)}`,
      cause: error,
    });
  }
}

/** By the first what it was suspended to is given up. */
function bootInstead(name: string): string {
  return `holdfast stop --force ${name}, then holdfast start ${name}`;
}

/** A guest that goes on is not given up for its clock: that is set when it answers. */
async function isClockSet(name: string, { hypervisor, startedAt }: Started, { files, setClock, log }: { readonly files: MachineFiles; readonly setClock: SetClock; readonly log: (cause: string, message: string) => void }, signal: AbortSignal): Promise<boolean> {
  try {
    await setClock(hypervisor.lanes, signal);
    await recordClockSet(files.state, startedAt);
    return true;
  } catch (error) {
    log('guest-clock', `${name} was resumed, but its clock is not set yet: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** Its memory is given up; the disk stays as it is. */
export async function discardSuspended(files: MachineFiles): Promise<void> {
  await changeState(files.state, (now) => (now.suspended ? { ...now, suspended: null, run: null } : undefined));
  await rm(suspendedPath(files), { force: true });
}

/** What is saved must be the machine that its start puts together again. @param what  is to be done to it: after `cannot be` */
export async function untilWhole(name: string, what: string, whole: Promise<void>, signal: AbortSignal): Promise<void> {
  using limit = timeLimit(WHOLE_MS, signal);
  await orAbort(whole, limit.signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw fail('machine-failed', `${name} cannot be ${what}: it has not got its network card yet`, { hint: `what is wrong: holdfast doctor; where nothing is: holdfast stop ${name}, then start it`, cause: error });
  });
}

async function own(path: string, uid: number | null): Promise<void> {
  await chmod(path, 0o600);
  if (uid !== null) await chown(path, uid, uid);
}
