/**
 * One per instance: owns its machine, keeps what was observed, and lets one operation at a time change it. Whatever
 * goes wrong in one supervisor stays in it.
 */
import type { Network, State } from '../core/instance.ts';
import { fail } from '../core/errors.ts';
import type { HoldfastEvent } from '../core/events.ts';
import { addressesToShow } from '../core/network-health.ts';
import { defaultAddress } from '../core/subnets.ts';
import type { MachineEnd, MachineSpec, RunningMachine } from '../drivers/driver.ts';
import type { InstanceRecord, InstanceStore, Wanted } from '../store/instances.ts';
import type { SnapshotStore } from '../store/snapshots.ts';
import type { EventHub } from './event-hub.ts';
import { setGuestClock } from './guest-clocks.ts';
import type { Log } from './log/log.ts';
import { remedyForUnkept } from './log/remedies.ts';
import { HealthWatch, UNKNOWN } from './network/health-watch.ts';
import type { ZoneBook } from './zones/zone-book.ts';

/** A guest that stood still for longer is set to the host's clock; many a program does not mind less. */
const CLOCK_BEHIND_MS = 1_000;

const ENDED: ReadonlySet<State> = new Set(['Stopped', 'Suspended', 'Deleted', 'Crashed']);

export interface Occupation {
  /** Its id; empty for work that is none. */
  readonly operation: string;
  readonly kind: string;
  /** Of work that is no operation: a forced stop, a delete or the end of its zone goes before it. */
  readonly callOff?: (why: string) => void;
}

/** Longer than anything that works on one: each has deadlines of its own. */
const LONGEST_WORK_MS = 3_600_000;

export class Supervisor implements AsyncDisposable {
  readonly #store: InstanceStore;
  readonly #events: EventHub;
  readonly #log: Log;
  readonly #zones: ZoneBook;
  readonly #snapshots: SnapshotStore;
  readonly #changes = new Set<() => void>();
  #record: InstanceRecord;
  #machine: RunningMachine | undefined;
  #releases: (() => void)[] = [];
  #endExpected = false;
  #occupation: Occupation | undefined;
  #heldUntil: string | undefined;
  #health: HealthWatch | undefined;

  constructor(record: InstanceRecord, parts: { store: InstanceStore; snapshots: SnapshotStore; events: EventHub; log: Log; zones: ZoneBook }) {
    this.#record = record;
    this.#store = parts.store;
    this.#events = parts.events;
    this.#log = parts.log;
    this.#zones = parts.zones;
    this.#snapshots = parts.snapshots;
  }

  get id(): string { return this.#record.instance.id; }
  get name(): string { return this.#record.instance.name; }
  /** uid of the person it belongs to. */
  get owner(): number { return this.#record.instance.owner; }
  get record(): InstanceRecord { return this.#record; }
  /** As it was seen last, whatever its zone is, and is to come. */
  get observed(): State { return this.#record.observed.state; }
  get isZoneAvailable(): boolean { return this.#zones.isAvailable(this.#record.instance.zone); }

  get state(): State {
    if (this.observed !== 'Deleted' && !this.isZoneAvailable) return 'Unavailable';
    return this.observed === 'Running' && this.#record.instance.spec.stopAt !== undefined ? 'Delayed Shutdown' : this.observed;
  }

  get snapshotCount(): number { return this.#snapshots.of(this.id).length; }
  get reason(): string | null { return this.#record.observed.reason; }
  /** ISO 8601: its guest has not been held from then on; undefined while it is. */
  get heldUntil(): string | undefined { return this.#heldUntil; }
  get machine(): RunningMachine | undefined { return this.#machine; }
  get network(): Network { return this.#machine && this.state !== 'Crashed' ? this.#health?.network ?? UNKNOWN : UNKNOWN; }
  get occupation(): Occupation | undefined { return this.#occupation; }

  get machineSpec(): MachineSpec {
    const { instance, timezone, userData } = this.#record;
    return { id: instance.id, name: instance.name, instanceId: `holdfast-${instance.id}`, architecture: instance.architecture, spec: instance.spec, timezone, userData };
  }

  /** @throws instance-busy  another operation works on it */
  occupy(occupation: Occupation): Disposable {
    if (this.#occupation) throw this.busy(this.#occupation);
    this.#occupation = occupation;
    return {
      [Symbol.dispose]: () => {
        if (this.#occupation !== occupation) return;
        this.#occupation = undefined;
        this.#changed();
      },
    };
  }

  /** Resolves when this work on it has ended. @throws too-slow, or the signal's reason */
  async untilOver(occupation: Occupation, signal: AbortSignal): Promise<void> {
    await this.until(() => this.#occupation !== occupation, `${this.name} is busy: ${occupation.kind} does not end`, LONGEST_WORK_MS, signal);
  }

  /** @param instead  what else can be done than wait */
  busy({ kind }: Occupation, instead?: string): Error {
    return fail('instance-busy', `${this.name} is busy: ${kind} is under way`, {
      hint: `wait for it to end${instead === undefined ? `; how it stands: holdfast info ${this.name}` : `, or ${instead}`}`,
    });
  }

  settle(state: State, reason: string | null = null): void {
    if (state === this.observed && reason === this.reason) return;
    this.#record = { ...this.#record, observed: { state, reason, at: new Date().toISOString() } };
    this.#keep(() => this.#store.setObserved(this.id, this.#record.observed));
    // What does not run any more need not be stopped later.
    if (ENDED.has(state) && this.#record.instance.spec.stopAt !== undefined) this.#keep(() => this.stopAt(undefined));
    this.#tellState();
  }

  want(change: Partial<Wanted>): void {
    this.#record = { ...this.#record, wanted: { ...this.#record.wanted, ...change } };
    this.#store.setWanted(this.id, this.#record.wanted);
  }

  respecify(spec: InstanceRecord['instance']['spec']): void {
    this.#record = { ...this.#record, instance: { ...this.#record.instance, spec } };
    this.#store.setSpec(this.id, spec);
  }

  /** @param moment  ISO 8601; undefined: no stop is to come */
  stopAt(moment: string | undefined): void {
    const { stopAt: _, ...spec } = this.#record.instance.spec;
    this.respecify(moment === undefined ? spec : { ...spec, stopAt: moment });
    if (this.observed === 'Running') this.#tellState();
  }

  /** It is among the others from now on. */
  appeared(): void {
    this.#tellState();
  }

  /** Its zone is available again, or no longer. */
  zoneChanged(): void {
    this.#tellState();
  }

  /** From now on the machine's end is what somebody asked for. */
  expectEnd(): void {
    this.#endExpected = true;
    this.#machine?.guest.expectEnd();
  }

  expectNoEnd(): void {
    this.#endExpected = false;
  }

  attach(machine: RunningMachine): void {
    this.#machine = machine;
    this.#endExpected = false;
    this.#heldUntil = undefined;
    const health = this.#health = this.#watchHealth();
    let pausedAt = performance.now();
    this.#releases = [
      () => health[Symbol.dispose](),
      machine.on({
        ended: (end) => this.#ended(machine, end),
        paused: (paused) => {
          if (paused) {
            pausedAt = performance.now();
            if (machine.pauseReason !== null) this.#tell({ type: 'notice', instance: this.name, message: `${this.name} is paused: ${machine.pauseReason}` });
          } else {
            machine.guest.wake();
            // Its clock stood still meanwhile.
            if (performance.now() - pausedAt > CLOCK_BEHIND_MS) void setGuestClock(this.name, machine, this.#log);
          }
          this.#changed();
        },
        reset: () => {
          this.#tell({ type: 'instance-reset', instance: this.name });
          this.#changed();
        },
      }),
      machine.guest.onHold((hold) => {
        this.#heldUntil = hold.level === 'held' ? undefined : this.#heldUntil ?? new Date().toISOString();
        this.#tell({ type: 'instance-hold', instance: this.name, hold });
        // It was given up as too slow, and came after all.
        const late = this.observed === 'Starting' || (this.observed === 'Running' && this.reason !== null);
        if (late && hold.level === 'held' && !this.#occupation) this.settle('Running');
        this.#changed();
      }),
      machine.guest.onControl((open) => this.#tell({ type: 'instance-control', instance: this.name, open })),
      machine.guest.onReport((report) => {
        if (report.type === 'network') this.#judgeNetwork(machine, health);
        this.#changed();
      }),
    ];
    this.#judgeNetwork(machine, health);
    this.#changed();
  }

  /** Lets go of a machine that is still there (when it is about to be removed or replaced). */
  async detach(): Promise<void> {
    const machine = this.#machine;
    this.#machine = undefined;
    for (const release of this.#releases.splice(0)) release();
    await machine?.[Symbol.asyncDispose]();
  }

  /**
   * Resolves when `met` holds; looked at again at every change.
   * @param hint  what it means, where `what` does not say it
   * @throws too-slow with `what`, or the signal's reason
   */
  async until(met: () => boolean, what: string, deadlineMs: number, signal: AbortSignal, hint?: string): Promise<void> {
    signal.throwIfAborted();
    if (met()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => { if (met()) resolve(); };
    const abort = () => reject(signal.reason as Error);
    const timer = setTimeout(() => reject(fail('too-slow', what, { hint: `${hint === undefined ? '' : `${hint}; `}its console: holdfast logs ${this.name}` })), deadlineMs);
    this.#changes.add(look);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#changes.delete(look);
      signal.removeEventListener('abort', abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.detach();
  }

  #judgeNetwork({ guest }: RunningMachine, health: HealthWatch): void {
    const { spec } = this.#record.instance;
    health.judge(guest.reports.network?.links, { mac: spec.mac, address: defaultAddress(spec) });
  }

  #watchHealth(): HealthWatch {
    return new HealthWatch((network, links) => {
      this.#tell({ type: 'instance-network', instance: this.name, network, ipv4: addressesToShow(links, this.#record.instance.spec.mac) });
      if (network.health === 'changed') {
        this.#log.line('network-changed', this.name, `${this.name}'s network was changed: ${network.reason ?? ''}`, `Holdfast still holds it; what was changed: holdfast net history ${this.name}; as it was launched: holdfast net repair ${this.name}`);
      }
    });
  }

  #ended(machine: RunningMachine, end: MachineEnd): void {
    if (this.#machine !== machine) return;
    if (end.kind === 'panicked') {
      // The machine is kept, paused, to be looked at; what hangs on its guest is let go, so that nobody waits for it.
      void machine.guest[Symbol.asyncDispose]();
      this.settle('Crashed', end.reason);
      this.#log.line('crash', this.name, `${this.name} crashed: ${end.reason}`, `its console: holdfast logs ${this.name}; start it again: holdfast start ${this.name}`);
      return;
    }
    const crashed = end.kind === 'died' && !this.#endExpected;
    void this.detach();
    if (crashed) {
      const panicked = this.observed === 'Crashed';
      if (!panicked) this.settle('Crashed', end.reason);
      this.#log.line('crash', this.name, `${this.name} crashed: ${end.reason}`, `start it again: holdfast start ${this.name}`);
      return;
    }
    if (end.kind === 'suspended') return this.settle('Suspended');
    if (!this.#endExpected) this.#keep(() => this.want({ running: false }));
    this.settle(this.#record.wanted.deleted ? 'Deleted' : 'Stopped');
  }

  /** What happened has happened, whether it can be written down or not; the next daemon finds it out again. */
  #keep(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#log.line('store', this.name, `what was seen of ${this.name} could not be kept: ${error instanceof Error ? error.message : String(error)}`, remedyForUnkept(error, `how it stands: holdfast info ${this.name}; what is not written down yet, the next daemon finds out again`));
    }
  }

  #tellState(): void {
    this.#tell({ type: 'instance-state', instance: this.name, state: this.state, reason: this.reason });
    this.#changed();
  }

  #tell(event: HoldfastEvent): void {
    this.#events.publish(event, this.owner);
  }

  #changed(): void {
    for (const look of this.#changes) look();
  }
}
