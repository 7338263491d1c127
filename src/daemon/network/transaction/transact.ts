/**
 * A change of a guest's network as a transaction: looked at, predicted, written down, applied armed, tried, and then kept or
 * undone. From `arm` on the guest undoes it by itself unless it is told to keep it, whatever becomes of the daemon.
 */
import { fail, HoldfastError } from '../../../core/errors.ts';
import type { Probe } from '../../../core/network/probe.ts';
import { changedFiles, type Revision } from '../../../core/network/revision.ts';
import { reviveLink } from '../../../guest/revive.ts';
import type { House } from '../../instances/house.ts';
import type { Result, Task } from '../../operations/engine.ts';
import type { Supervisor } from '../../supervisor.ts';
import { filesAfter, keptFiles, type FileChanges, type GuestNetwork } from './guest-network.ts';
import { judge, requireSound, warnings, type Judged } from './plan.ts';
import { unkept } from './probe.ts';
import { promisesOf } from './promises.ts';
import { recordSeen } from './record-seen.ts';
import { pendingOf, settleCommitted, settleUndone } from './settle.ts';
import { guestNetwork, lookAt, type Situation } from './situation.ts';

export const NETWORK_STEPS = ['look', 'arm', 'probe', 'settle'] as const;

export interface Terms {
  /** `net static`: how the history names it. */
  readonly command: string;
  readonly confirmWithinMs: number;
  readonly probes: readonly Probe[];
  readonly allowLockout: boolean;
  /** `net repair`: it is done whatever is predicted, since what is there is broken; and the running system is brought up, not the files alone. */
  readonly repair?: boolean;
  readonly hold: boolean;
}

/** Between the last look of ours and the moment at which the guest undoes it. */
const MARGIN_MS = 3_000;
const UNDO_MS = 240_000;
const REACH_MS = 30_000;

/** @param changes  what is to be written, by how the guest stands  @throws netplan-invalid, netplan-lockout, transaction-armed, rolled-back, guest-unreachable, cancelled */
export async function transact(house: House, supervisor: Supervisor, terms: Terms, changes: (stands: Situation) => FileChanges, task: Task): Promise<Result> {
  const { name } = supervisor;
  task.step('look');
  task.progress(`Looking at ${name}'s network`);
  const guest = await guestNetwork(supervisor, task.signal);
  const stands = await lookAt(house, supervisor, guest, task.signal);
  requireUnarmed(name, stands);
  recordSeen(house, supervisor, keptFiles(stands.look.files));
  const wanted = needed(changes(stands), stands);
  if (wanted.write.length === 0 && wanted.setAside.length === 0) {
    if (terms.repair) return await reviveAlone(house, supervisor, stands, terms, task);
    task.notice(`nothing was changed: ${name}'s netplan files are so already`);
    return {};
  }
  const judged = judge(stands, wanted);
  if (!terms.repair) requireSound(name, judged, terms.allowLockout);
  for (const warning of warnings(judged)) task.notice(warning);
  const revision = record(house, supervisor, terms, filesAfter(stands.look.files, wanted), task.id);
  return await armAndTry({ house, supervisor, guest, terms, stands, wanted, judged, revision }, task);
}

interface Armed {
  readonly house: House;
  readonly supervisor: Supervisor;
  readonly guest: GuestNetwork;
  readonly terms: Terms;
  readonly stands: Situation;
  readonly wanted: FileChanges;
  readonly judged: Judged;
  readonly revision: Revision;
}

async function armAndTry(armed: Armed, task: Task): Promise<Result> {
  const { house, supervisor, guest, terms, stands, wanted, revision } = armed;
  const { name } = supervisor;
  try {
    task.step('arm');
    task.progress(`Changing ${name}'s network`);
    // Never left half-way by us: what was armed is undone, which a guest that is still at it cannot.
    await guest.arm({ id: task.id, confirmWithinMs: terms.confirmWithinMs, ...wanted }, AbortSignal.timeout(UNDO_MS));
    // As the guest counts it.
    const expiresAt = performance.now() + terms.confirmWithinMs;
    if (terms.repair) await revive(supervisor, stands, task);
    task.step('probe');
    task.progress(`Trying ${name}'s network`);
    const failed = await unkept(house, supervisor, promisesFor(armed), Math.max(1, expiresAt - performance.now() - MARGIN_MS), task.signal);
    if (failed.length > 0) throw fail('rolled-back', failed.join('; '));
    if (terms.hold) return held(supervisor, revision, terms);
    task.step('settle');
    await guest.commit(task.id, task.signal);
  } catch (error) {
    throw await undone(armed, task, error);
  }
  settleCommitted(house, supervisor, revision);
  return { revision: String(revision.number), transaction: task.id, verdict: armed.judged.plan.verdict };
}

/** Where the default interface is as it should be nothing is done. */
async function revive(supervisor: Supervisor, { look }: Situation, task: Task): Promise<void> {
  const { mac } = supervisor.record.instance.spec;
  if (supervisor.network.health === 'ok' && look.foreignNetworkFiles.length === 0) return;
  const { machine } = supervisor;
  if (!machine) return;
  const { shell } = await machine.guest.reach('control', { deadlineMs: REACH_MS, signal: task.signal });
  for (const did of await reviveLink(shell, mac, look.foreignNetworkFiles, task.signal)) task.notice(did);
}

/** The files are as they should be, and something else may be wrong. */
async function reviveAlone(house: House, supervisor: Supervisor, stands: Situation, terms: Terms, task: Task): Promise<Result> {
  task.step('probe');
  task.progress(`Bringing ${supervisor.name}'s network up`);
  await revive(supervisor, stands, task);
  const judged = judge(stands, { write: [], setAside: [] });
  const failed = await unkept(house, supervisor, promisesFor({ stands, judged, terms, supervisor }), terms.confirmWithinMs, task.signal);
  if (failed.length > 0) throw fail('machine-failed', `${supervisor.name}'s default interface is not as it was launched: ${failed.join('; ')}`, { hint: `look at every layer: holdfast doctor ${supervisor.name}` });
  return {};
}

function promisesFor({ stands, judged, terms, supervisor }: Pick<Armed, 'stands' | 'judged' | 'terms' | 'supervisor'>): ReturnType<typeof promisesOf> {
  const { mac } = supervisor.record.instance.spec;
  const touched = new Set(judged.plan.interfaces.filter((each) => each.changed || each.mac === mac).map((each) => each.name));
  return promisesOf(judged.after, stands.facts, touched, terms.probes, judged.plan.verdict === 'lockout' && !terms.repair);
}

function held({ name }: Supervisor, { number, transaction }: Revision, { confirmWithinMs }: Terms): Result {
  return { revision: String(number), transaction: transaction ?? '', held: 'true', until: new Date(Date.now() + confirmWithinMs).toISOString(), name };
}

/** @returns what is to be thrown: why, and how it stands now */
async function undone({ house, supervisor, guest, revision }: Armed, task: Task, error: unknown): Promise<unknown> {
  const { name } = supervisor;
  const why = task.signal.aborted ? 'it was cancelled' : error instanceof Error ? error.message : String(error);
  task.progress(`Undoing the change of ${name}'s network`);
  try {
    const { standing, reason } = await guest.rollBack(task.id, why, AbortSignal.timeout(UNDO_MS));
    if (standing === 'committed') {
      settleCommitted(house, supervisor, revision);
      return error;
    }
    settleUndone(house, supervisor, revision, reason ?? why);
  } catch (failure) {
    const trouble = failure instanceof Error ? failure.message : String(failure);
    house.log.line('net-undo', name, `${name} could not be told to undo a change of its network (${trouble}); it does so by itself`, `how it stands: holdfast net history ${name}`);
    return fail('rolled-back', `${name}'s network is not kept as it was changed: ${why}; the guest could not be told (${trouble}), and undoes it by itself`, { hint: `how it stands: holdfast net history ${name}`, cause: error });
  }
  if (task.signal.aborted || !(error instanceof HoldfastError)) return error;
  return fail('rolled-back', `nothing was changed: ${name}'s network is as it was before: ${why}`, { hint: error.hint ?? `what was tried: holdfast net diff ${name} ${revision.number}`, cause: error });
}

function record(house: House, supervisor: Supervisor, { command }: Terms, files: Situation['look']['files'], transaction: string): Revision {
  const revision: Omit<Revision, 'number'> = {
    at: new Date().toISOString(), origin: 'holdfast', command, transaction, outcome: 'applied', reason: null, files: keptFiles(files),
  };
  return { ...revision, number: house.history.add(supervisor.id, revision) };
}

/** What is there as it is wanted is not written again. */
function needed({ write, setAside }: FileChanges, { look }: Situation): FileChanges {
  const there = new Set(look.files.map(({ path }) => path));
  return {
    write: write.filter((file) => changedFiles(look.files.filter(({ path }) => path === file.path), [file]).length > 0),
    setAside: setAside.filter((path) => there.has(path)),
  };
}

/** @throws transaction-armed */
export function requireUnarmed(name: string, { look: { armed } }: Situation): void {
  if (armed === null) return;
  const left = armed.leftMs === null ? '' : ` for ${Math.ceil(armed.leftMs / 1000)} s more`;
  throw fail('transaction-armed', `another change of ${name}'s network, ${armed.id}, waits${left} for its confirmation`, { hint: `keep it: holdfast net commit ${name}; undo it: holdfast net rollback ${name}` });
}

/** The same by our own record, before anybody is asked. @throws transaction-armed */
export function requireNonePending(house: House, supervisor: Supervisor): void {
  const pending = pendingOf(house, supervisor);
  if (pending === undefined) return;
  throw fail('transaction-armed', `another change of ${supervisor.name}'s network, ${pending.transaction ?? ''} (revision ${pending.number}), waits for its confirmation`, {
    hint: `keep it: holdfast net commit ${supervisor.name}; undo it: holdfast net rollback ${supervisor.name}`,
  });
}
