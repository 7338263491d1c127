/** From what a client asks to the operation that does it: rules first, then one operation at a time per instance. */
import { NETWORK_CHANGES } from '../../api/network-schemas.ts';
import type { WireAction, WireOperation } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';
import { requireLegal, type Action } from '../../core/lifecycle.ts';
import { orAbort } from '../../guest/ssh/time-limit.ts';
import type { OperationEngine, Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { adopted, retake } from './adopt.ts';
import { cutShort, isSave } from './cut-short.ts';
import { deleteInstance, recover } from './delete.ts';
import { defaultTimeout, type House } from './house.ts';
import { restart } from './restart.ts';
import { start } from './start.ts';
import { stop } from './stop.ts';
import { suspend } from './suspend.ts';

/** Work on an instance that a forced stop or a delete may call off. */
export const INTERRUPTIBLE: readonly string[] = ['start', 'stop', 'restart', 'launch', 'mount', 'umount', ...NETWORK_CHANGES.map((change) => `net-${change}`)];

export function act(house: House, name: string, request: WireAction): WireOperation {
  const supervisor = house.registry.find(name);
  // Multipass says it differently for a start.
  if (!supervisor) throw request.action === 'start' ? fail('instance-not-found', `Instance '${name}' does not exist.`, { hint: 'see which there are: holdfast list' }) : house.registry.missing(name);
  const ruling = request.cancel && supervisor.state !== 'Deleted' ? 'do' : requireLegal(name, supervisor.state, supervisor.reason, actionOf(request));
  // Its start after a restart of the host is still to come: it is not wanted any more.
  if (ruling === 'nothing' && request.action === 'stop' && supervisor.record.wanted.running) supervisor.want({ running: false });
  const callsOff = request.force === true || request.action === 'delete';
  const other = supervisor.occupation;
  if (other && !callsOff && !LEADS_THERE[request.action].includes(other.kind)) {
    throw supervisor.busy(other, request.action === 'stop' && INTERRUPTIBLE.includes(other.kind) ? `call it off: holdfast stop --force ${name}` : undefined);
  }
  return house.engine.begin({
    kind: request.action, instanceName: name, instanceId: supervisor.id, request, owner: house.owner,
    body: async (task) => {
      if (callsOff) await callOff(house.engine, supervisor, request.force === true || request.purge === true, task.signal);
      // To start what is to be stopped later means that it is not to be; so does a start anew.
      if (request.action === 'start' || request.action === 'restart') await house.delayed.callOff(supervisor, task.signal);
      if (!callsOff && (ruling === 'nothing' || supervisor.occupation)) return await joinOther(house.engine, supervisor, request.action, task);
      if (house.registry.byId(supervisor.id) === undefined) return {};
      return await perform(house, supervisor, request, task);
    },
  });
}

/** Does one action; the next daemon calls this too, for what was interrupted. */
export async function perform(house: House, supervisor: Supervisor, request: WireAction, task: Task): Promise<Result> {
  using _busy = supervisor.occupy({ operation: task.id, kind: request.action });
  if (request.action === 'restart' || request.action === 'suspend' || (request.action === 'stop' && !request.force)) await retake(house, supervisor);
  // What was at rest may still be taken over: a machine's monitor is one daemon's, once.
  if (request.action === 'start') await orAbort(adopted(supervisor), task.signal);
  const seconds = request.timeoutSeconds ?? defaultTimeout(supervisor.record.instance.architecture);
  switch (request.action) {
    case 'start': return await start(house, supervisor, seconds, task);
    case 'stop':
      if (request.delayMinutes) return await house.delayed.later(supervisor, request.delayMinutes, task.signal).then(() => ({}));
      if (request.cancel) return await house.delayed.callOff(supervisor, task.signal).then(() => ({}));
      if (supervisor.record.instance.spec.stopAt !== undefined) supervisor.stopAt(undefined);
      return await stop(house, supervisor, { force: request.force ?? false, seconds }, task);
    case 'restart': return await restart(house, supervisor, seconds, task);
    case 'suspend': return await suspend(house, supervisor, task);
    case 'delete': return await deleteInstance(house, supervisor, request.purge ?? false, task);
    case 'recover': return await recover(house, supervisor);
  }
}

/** Starts it if, and only if, it was stopped or suspended on purpose; a start or launch that is under way is waited for until the guest answers. */
export async function ensureStarted(house: House, supervisor: Supervisor, onStage: (stage: string) => void, signal: AbortSignal): Promise<void> {
  requireLegal(supervisor.name, supervisor.state, supervisor.reason, 'exec');
  await retake(house, supervisor);
  const isHeld = () => ['held', 'by-address'].includes(supervisor.machine?.guest.hold.level ?? '');
  const other = supervisor.occupation;
  // A launch goes on with cloud-init for long after its guest answers, a restart until it has reported; a start ends when the way is open.
  const isEnough = () => other !== undefined && other.kind !== 'start' && isHeld();
  const underWay = other && LEADS_THERE.start.includes(other.kind) && !isHeld() ? other.operation : undefined;
  const id = underWay ?? (supervisor.state === 'Stopped' || supervisor.state === 'Suspended' ? act(house, supervisor.name, { action: 'start' }).id : undefined);
  if (id === undefined) return;
  const over = new AbortController();
  const release = house.engine.follow(id, ({ stage }) => { if (stage) onStage(stage); });
  try {
    const held = supervisor.until(isEnough, '', LONGEST_START_MS, AbortSignal.any([signal, over.signal])).then(() => undefined, () => signal.throwIfAborted());
    const ended = await Promise.race([house.engine.ended(id), held]);
    if (ended?.error) throw fail(ended.error.code, ended.error.message, { hint: ended.error.hint ?? undefined });
  } finally {
    over.abort();
    release();
  }
}

function actionOf(request: WireAction): Action {
  if (request.action === 'stop' && request.force) return 'force-stop';
  if (request.action === 'delete' && request.purge) return 'purge';
  return request.action;
}

/** @param byForce  its guest need not go by itself */
async function callOff(engine: OperationEngine, supervisor: Supervisor, byForce: boolean, signal: AbortSignal): Promise<void> {
  const other = supervisor.occupation;
  const why = `${supervisor.name} is being stopped or deleted`;
  if (other?.callOff) {
    other.callOff(why);
    return await supervisor.untilOver(other, signal);
  }
  if (other && byForce && isSave(other, supervisor)) {
    supervisor.want({ running: false });
    return await cutShort(engine, supervisor, other, why);
  }
  if (!other || !(INTERRUPTIBLE.includes(other.kind) || other.kind === 'suspend')) return;
  supervisor.want({ running: false });
  await engine.cancel(other.operation, why);
}

/** The operation has deadlines of its own. */
const LONGEST_START_MS = 24 * 3600 * 1000;

/** What is being done to reach the state that an action would only confirm: `start` while it is being started. */
const LEADS_THERE: Readonly<Record<WireAction['action'], readonly string[]>> = {
  start: ['start', 'restart', 'launch'], restart: ['restart'], stop: ['stop'], suspend: ['suspend'], delete: ['delete', 'purge'], recover: ['recover'],
};

/** `start` of what is being started already waits for that start and ends as it does; of what is being stopped, it is refused. */
async function joinOther(engine: OperationEngine, supervisor: Supervisor, action: WireAction['action'], task: Task): Promise<Result> {
  const other = supervisor.occupation;
  if (!other) return {};
  if (!LEADS_THERE[action].includes(other.kind)) throw supervisor.busy(other);
  task.progress(`Waiting for ${supervisor.name}`);
  const ended = await engine.ended(other.operation);
  if (ended.error) throw fail(ended.error.code, ended.error.message, { hint: ended.error.hint ?? undefined });
  return {};
}
