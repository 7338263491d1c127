/** Keeps the mounts of guests that run: each comes with its guest, and again after whatever has taken it away, until it is unmounted. */
import { delayBefore } from '../../core/retry/backoff.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import { errorRecord, fail } from '../../core/errors.ts';
import type { NativeDevice, RunningMachine } from '../../drivers/driver.ts';
import { unmountTarget } from '../../guest/mounts.ts';
import type { House } from '../instances/house.ts';
import type { Supervisor } from '../supervisor.ts';
import { attach } from './attach.ts';
import { attachNative, hideNative, lostNative } from './attach-native.ts';
import { MountOrder } from './mount-order.ts';

/** The longest wait is so long that what fails for ever costs nothing; a guest that comes to be held again is not kept waiting. */
const BACKOFF = { firstMs: 1_000, capMs: 120_000 };
/** One that lasted is no failure in a row. */
const LASTED_MS = 30_000;
const REACH_MS = 15_000;
/** Whoever has called a mount off, often to stop the instance, is not kept waiting for its guest. */
const GIVE_UP_MS = 10_000;
const ALLOWED = 'local.privileged-mounts';

interface Kept {
  readonly machine: RunningMachine;
  readonly stop: AbortController;
  /** Of the first try: undefined when it is there. */
  readonly first: Promise<unknown>;
  /** Resolves when nothing of it is left here. */
  readonly over: Promise<void>;
}

interface Keeping {
  readonly house: House;
  readonly supervisor: Supervisor;
  readonly machine: RunningMachine;
  readonly mount: Mount;
  readonly asked: Asked;
}

/** What a mount that somebody waits for is made with. */
interface Asked {
  readonly progress?: (stage: string) => void;
  /** Its first try waits no longer for the guest to be held; undefined: for as long as it takes. */
  readonly heldWithinMs?: number;
}

export function areMountsAllowed({ settings }: Pick<House, 'settings'>): boolean {
  return settings.get(ALLOWED) !== 'false';
}

export class MountKeeper {
  /** By the instance's id and the target. */
  readonly #kept = new Map<string, Kept>();
  readonly #order = new MountOrder();
  readonly sftpScript: string;

  constructor(sftpScript: string) {
    this.sftpScript = sftpScript;
  }

  /** Of a machine that has been attached: all that is recorded for it. */
  keep(house: House, supervisor: Supervisor): void {
    if (!areMountsAllowed(house)) return;
    // Those above others first.
    for (const mount of (supervisor.record.instance.spec.mounts ?? []).toSorted((a, b) => a.target.length - b.target.length)) {
      // A native one is a device of what was started with it, or there is none.
      if (!mount.native || deviceOf(supervisor.machine, mount)) void this.begin(house, supervisor, mount);
    }
  }

  /** @returns why the first try failed; undefined when it is mounted, or nothing runs */
  async begin(house: House, supervisor: Supervisor, mount: Mount, asked: Asked = {}): Promise<unknown> {
    const { machine } = supervisor;
    if (!machine) return undefined;
    const key = keyOf(supervisor, mount.target);
    const earlier = this.#kept.get(key);
    earlier?.stop.abort();
    const stop = new AbortController();
    const first = Promise.withResolvers<unknown>();
    const over = Promise.resolve(earlier?.over).then(() => this.#run({ house, supervisor, machine, mount, asked }, stop.signal, first.resolve));
    this.#kept.set(key, { machine, stop, first: first.promise, over });
    machine.on({ ended: () => stop.abort() });
    return await first.promise;
  }

  /** Resolves when each has come, or has failed once, or the time is over. */
  async settled({ id, machine }: Supervisor, deadlineMs: number, signal: AbortSignal): Promise<void> {
    const waiting = [...this.#kept].filter(([key, kept]) => key.startsWith(`${id} `) && kept.machine === machine).map(([, { first }]) => first);
    if (waiting.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMs);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([Promise.all(waiting), promise]);
    clearTimeout(timer);
  }

  /** Takes it out of the guest, where one runs. One that does not answer loses it with the channel. @throws what unmounting it failed with: it stays then */
  async end(supervisor: Supervisor, target: string, signal: AbortSignal): Promise<void> {
    const kept = this.#kept.get(keyOf(supervisor, target));
    if (!kept) return;
    // Just taken over: its lane is about to answer, and a dead mount of before may be there.
    const isDecided = (): boolean => supervisor.machine !== kept.machine || kept.machine.end !== undefined || kept.machine.guest.hold.level !== 'none';
    await supervisor.until(isDecided, '', REACH_MS, signal).catch(() => signal.throwIfAborted());
    await takeOut(supervisor, kept, target, signal);
    await this.#letGo(supervisor, target, kept);
  }

  /** Of one that did not come, or is not wanted any more: whatever of it is there goes, and nothing tries again. */
  async giveUp(supervisor: Supervisor, target: string): Promise<void> {
    const kept = this.#kept.get(keyOf(supervisor, target));
    if (!kept) return;
    await this.#letGo(supervisor, target, kept);
    await takeOut(supervisor, kept, target, AbortSignal.timeout(GIVE_UP_MS)).catch(() => undefined);
  }

  async #letGo(supervisor: Supervisor, target: string, kept: Kept): Promise<void> {
    this.#kept.delete(keyOf(supervisor, target));
    kept.stop.abort();
    await kept.over;
  }

  async #run(what: Keeping, stop: AbortSignal, first: (error?: unknown) => void): Promise<void> {
    const { house, supervisor, machine, mount, asked: { progress = () => {}, heldWithinMs } } = what;
    const device = deviceOf(machine, mount);
    const key = keyOf(supervisor, mount.target);
    let told = '';
    for (let attempt = 0; !stop.aborted; attempt += 1) {
      const isHeld = await heldWithin(machine, stop, attempt === 0 ? heldWithinMs : undefined);
      if (stop.aborted) break;
      if (!isHeld) {
        first(notHeld(supervisor.name, machine));
        continue;
      }
      const begun = performance.now();
      try {
        using turn = await this.#order.turn(key, aborted(stop));
        {
          await using attached = device
            ? await attachNative(supervisor.name, machine, device, stop)
            : await attach({ name: supervisor.name, machine, mount, sftpScript: this.sftpScript, progress, signal: stop });
          first();
          told = '';
          await Promise.race([attached.ended, aborted(stop), turn.in()]);
        }
        if (turn.isToLeave) {
          await unmountIn(machine, mount.target, stop);
          attempt = -1;
          continue;
        }
      } catch (error) {
        if (!device?.lost.aborted) first(error);
        const { message, hint } = errorRecord(error);
        if (!stop.aborted && !device?.lost.aborted && message !== told) house.log.line(`mount ${mount.target}`, supervisor.name, `${mount.source} is not mounted in ${supervisor.name}: ${message}`, hint ?? 'it is tried again');
        told = message;
      }
      if (device?.lost.aborted) return await dropLost(what, device, first);
      if (performance.now() - begun > LASTED_MS) attempt = 0;
      await pauseOrHeld(machine, delayBefore(attempt, BACKOFF, Math.random()), stop);
    }
    first();
  }
}

/** What served it has ended, and no device comes back while the machine runs. */
async function dropLost({ house, supervisor, machine }: Pick<Keeping, 'house' | 'supervisor' | 'machine'>, device: NativeDevice, first: (error?: unknown) => void): Promise<void> {
  if (machine.end !== undefined) return first();
  const error = lostNative(supervisor.name, device);
  const { message, hint } = errorRecord(error);
  house.log.line(`mount ${device.target}`, supervisor.name, message, hint ?? '');
  if (supervisor.machine === machine && supervisor.state === 'Running') supervisor.settle('Running', message);
  first(error);
  await hideNative(machine, device);
}

function deviceOf(machine: RunningMachine | undefined, mount: Mount): NativeDevice | undefined {
  return mount.native ? machine?.natives?.find(({ target }) => target === mount.target) : undefined;
}

function keyOf({ id }: Supervisor, target: string): string {
  return `${id} ${target}`;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve(), { once: true }); });
}

/** @returns whether it is; without a limit it waits until then, or until it is to stop */
async function heldWithin({ guest }: RunningMachine, stop: AbortSignal, withinMs: number | undefined): Promise<boolean> {
  const isHeld = (): boolean => guest.hold.level === 'held';
  if (isHeld() || stop.aborted) return isHeld();
  await new Promise<void>((resolve) => {
    const done = (): void => { clearTimeout(timer); release(); stop.removeEventListener('abort', done); resolve(); };
    const timer = withinMs === undefined ? undefined : setTimeout(done, withinMs);
    const release = guest.onHold(() => { if (isHeld()) done(); });
    stop.addEventListener('abort', done, { once: true });
  });
  return isHeld();
}

/** Nothing is mounted by a guest's address: that would hang on its network. */
function notHeld(name: string, { guest: { hold: { reason } } }: RunningMachine): Error {
  return fail('guest-unreachable', `nothing can be mounted in ${name} now: ${reason ?? 'its guest does not answer'}`, { hint: `see what is wrong: holdfast doctor ${name}; then mount again` });
}

async function takeOut({ machine }: Supervisor, kept: Kept, target: string, signal: AbortSignal): Promise<void> {
  if (machine !== kept.machine || machine.guest.hold.level !== 'held') return;
  await unmountIn(machine, target, signal);
}

async function unmountIn(machine: RunningMachine, target: string, signal: AbortSignal): Promise<void> {
  const { shell } = await machine.guest.reach('control', { deadlineMs: REACH_MS, signal });
  await unmountTarget(shell, target, signal);
}

/** A guest that has been lost and found is tried at once. */
async function pauseOrHeld({ guest }: RunningMachine, ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => { clearTimeout(timer); release(); stop.removeEventListener('abort', done); resolve(); };
    const timer = setTimeout(done, ms);
    const release = guest.onHold(({ level }) => { if (level === 'held') done(); });
    stop.addEventListener('abort', done, { once: true });
  });
}
