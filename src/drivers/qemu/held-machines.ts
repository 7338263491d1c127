/**
 * Holds machines that were started or taken over: their guest, what their cards need, and, of a fork, what it is still to
 * get. A monitor has one client, so what is held here cannot be adopted a second time.
 */
import { fail } from '../../core/errors.ts';
import { untilDone, type Trying } from '../../core/retry/until-done.ts';
import type { GuestAccess } from '../../guest/access.ts';
import { orAbort, pause } from '../../guest/ssh/time-limit.ts';
import { ensureInstanceKeys } from '../../host/keys.ts';
import type { MachineSpec } from '../driver.ts';
import type { Accelerator } from './command-line/input.ts';
import type { AgentRenewal, HoldGuest } from './hold-guest.ts';
import type { Hypervisor } from './hypervisor.ts';
import { rescueLine } from './lanes.ts';
import type { MachineFiles } from './layout.ts';
import { endServers, shareComplaints } from './native/servers.ts';
import { watchShares } from './native/watch.ts';
import { QemuMachine, WHOLE_MS } from './machine.ts';
import type { Attached, MachineCards } from './machine-cards.ts';
import { changeState, readState, recordClockSet, type MachineState } from './state-file.ts';
import type { UrgentTurns } from './urgent-turns.ts';

export interface HoldParts {
  readonly holdGuest: HoldGuest;
  readonly defaultUser: string;
  /** The guest's files as this Holdfast has them. */
  readonly agent?: AgentRenewal | undefined;
  readonly log: (id: string, cause: string, message: string) => void;
}

const CLOCK_MS = 60_000;
/** What a machine that runs is plugged into: somebody may have to mend the host first. */
const ATTACH_BACKOFF = { firstMs: 1_000, capMs: 60_000 };

/** A machine whose process runs. */
export interface StartedMachine {
  readonly hypervisor: Hypervisor;
  readonly accelerator: Accelerator;
  readonly startedAt: string;
  readonly notice: string | null;
  /** Its guest ran before: it need not boot. */
  readonly answered?: boolean;
  /** Called when it is where a fork begins to be itself. */
  readonly arrived?: () => void;
  /** What its cards are plugged into, where it is there already. */
  readonly attached?: Attached;
  /** It was resumed, and its clock is still to be set. */
  readonly clockBehind?: boolean;
  /** An earlier daemon had started it. */
  readonly adopted?: boolean;
}

export class HeldMachines {
  readonly #parts: HoldParts;
  readonly #cards: MachineCards;
  readonly #turns: UrgentTurns;
  readonly #held = new Map<string, QemuMachine>();

  constructor(parts: HoldParts, cards: MachineCards, turns: UrgentTurns) {
    this.#parts = parts;
    this.#cards = cards;
    this.#turns = turns;
  }

  get(id: string): QemuMachine | undefined {
    return this.#held.get(id);
  }

  /** @throws machine-failed */
  require({ id, name }: Pick<MachineSpec, 'id' | 'name'>): QemuMachine {
    const held = this.#held.get(id);
    if (held === undefined) {
      throw fail('machine-failed', `${name} does not run, or was not taken over`, { hint: `see which: holdfast info ${name}; one that is Unknown: holdfast stop --force ${name}, then start it` });
    }
    return held;
  }

  /** A fork gets its default card before any other. @throws machine-failed */
  async requireWhole(machine: Pick<MachineSpec, 'id' | 'name'>): Promise<QemuMachine> {
    const { name } = machine;
    const held = this.require(machine);
    await orAbort(Promise.all([held.whole, held.cardsBack]), AbortSignal.timeout(WHOLE_MS)).catch((error: unknown) => {
      throw fail('machine-failed', `${name} has not got the network cards yet that it is to have`, { hint: `what is wrong: holdfast doctor; where nothing is: holdfast stop ${name}, then start it`, cause: error });
    });
    return held;
  }

  /** Until its process is gone. */
  async hold(machine: MachineSpec, files: MachineFiles, started: StartedMachine): Promise<QemuMachine> {
    const { hypervisor, accelerator } = started;
    const { holdGuest, defaultUser, agent } = this.#parts;
    const log = (cause: string, message: string): void => this.#parts.log(machine.id, cause, message);
    const state = await readState(files.state);
    const keys = await ensureInstanceKeys(files.keys);
    const address = await this.#cards.address(machine, hypervisor);
    // A fork's taps are made when nobody waits for its arrival any more, and before its card is due.
    const arrival = Promise.withResolvers<void>();
    if (!state?.unsettled) arrival.resolve();
    const ended = new AbortController();
    const absent = (error: unknown): void => log('network-absent', `${machine.name}: its network is not there, and is tried again: ${saying(error)}`);
    const trying: Trying = { failed: absent, backoff: ATTACH_BACKOFF, random: Math.random, isOver: () => ended.signal.aborted, pause: (ms) => pause(ms, ended.signal) };
    const attached = started.attached ?? arrival.promise.then(() => untilDone(() => this.#cards.attach(machine, state?.uid), trying));
    const arrived = (): void => {
      started.arrived?.();
      arrival.resolve();
    };
    let isAttached = false;
    attached.then(() => { isAttached = true; }, () => {});
    const unsettled = this.#unsettled(machine, files, state, started, attached);
    const guest = holdGuest({
      name: machine.name, lanes: hypervisor.lanes, address, console: rescueLine(files.run.rescue),
      keys: {
        controlPrivate: keys.control.privateKey, sessionPrivate: keys.session.privateKey,
        hostPublic: keys.laneHost.publicKey, guestHostPublic: keys.guestHost.publicKey,
      },
      slow: accelerator === 'tcg', answered: started.answered ?? unsettled !== undefined, arrived, unsettled, startedAt: started.startedAt,
      defaultUser, lastUser: state?.user, userLearnt: (user) => {
        changeState(files.state, (now) => ({ ...now, user })).catch((error: unknown) => log('guest-user', `${machine.name}: as whom its guest is entered is not recorded: ${saying(error)}`));
      },
      agent: agent && { version: agent.version, bundleJson: () => agent.bundleJson(keys) }, log,
    });
    // A card that was recorded, and an earlier daemon did not come to plug in.
    const isBehind = started.adopted === true && unsettled === undefined && machine.spec.cards !== undefined;
    const cardsBack = isBehind ? this.#cards.plugAll(machine, hypervisor.monitor, attached).catch((error: unknown) => log('card-missing', `${machine.name}: a card is missing: ${saying(error)}`)) : Promise.resolve();
    const held = new QemuMachine({ id: machine.id, guest, address, whole: unsettled?.done, cardsBack, natives: watchShares(state?.shares ?? [], hypervisor.gone, (index) => shareComplaints(files, index)), ...started });
    this.#held.set(machine.id, held);
    void hypervisor.gone.then(() => {
      if (this.#held.get(machine.id) === held) this.#held.delete(machine.id);
      ended.abort();
      // Not where it is only let go of: then it goes on, and so do they.
      const hasEnded = hypervisor.end !== undefined;
      if (hasEnded) void endServers(state?.shares);
      // Of one that was taken over, and could not be attached again, what an earlier daemon attached; now, so that a later run's is not meant.
      const left = (error: unknown): void => log('network-left', `${machine.name} has ended, and what its cards were plugged into is left: ${saying(error)}`);
      if (hasEnded && !isAttached) this.#cards.detach(machine.id).catch(left);
      return attached.then((release) => release().catch(left), () => undefined);
    });
    if (started.clockBehind) setClockWhenHeld(machine.name, guest, files, started.startedAt, log);
    return held;
  }

  /** Of a fork that has its identity and no card yet, also where an earlier daemon died over it: how it gets the rest. */
  #unsettled(machine: MachineSpec, files: MachineFiles, state: MachineState | undefined, { hypervisor, accelerator }: StartedMachine, attached: Attached) {
    if (!state?.unsettled) return undefined;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    return {
      done,
      turn: (signal: AbortSignal): Promise<Disposable> => (accelerator === 'tcg' ? this.#turns.take('later', signal) : Promise.resolve({ [Symbol.dispose]() {} })),
      plug: (signal: AbortSignal) => this.#cards.plugAll(machine, hypervisor.monitor, orAbort(attached, signal)),
      settled: async () => {
        await changeState(files.state, (now) => ({ ...now, unsettled: false }));
        resolve();
      },
    };
  }
}

/** Where that fails too, the next daemon tries again. */
function setClockWhenHeld(name: string, guest: GuestAccess, files: MachineFiles, startedAt: string, log: (cause: string, message: string) => void): void {
  const stop = guest.onHold(({ level }) => {
    if (level !== 'held') return;
    stop();
    guest.setClock(AbortSignal.timeout(CLOCK_MS)).then(() => recordClockSet(files.state, startedAt)).catch((error: unknown) =>
      log('guest-clock', `${name}: its clock could not be set to the host's: ${saying(error)}`));
  });
}

function saying(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
