/**
 * A host in memory: machines are objects that outlive the daemons on it, and a test says what happens in the midst of what a
 * daemon asks of its driver. For what is a matter of order; what needs processes and files is tested in a fake home.
 */
import { randomBytes } from 'node:crypto';
import { fail } from '../../src/core/errors.ts';
import type { Hold, InstanceSpec } from '../../src/core/instance.ts';
import { eventHub } from '../../src/daemon/event-hub.ts';
import { act } from '../../src/daemon/instances/actions.ts';
import { delayedStops } from '../../src/daemon/instances/delayed-stop.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { Registry } from '../../src/daemon/instances/registry.ts';
import { MountKeeper } from '../../src/daemon/mounts/mount-keeper.ts';
import { OperationEngine } from '../../src/daemon/operations/engine.ts';
import { takeOver } from '../../src/daemon/recovery.ts';
import { Supervisor } from '../../src/daemon/supervisor.ts';
import { zoneBook } from '../../src/daemon/zones/zone-book.ts';
import type { Driver, MachineEnd, MachineEvents, RunningMachine } from '../../src/drivers/driver.ts';
import type { GuestAccess } from '../../src/guest/access.ts';
import type { SystemReport } from '../../src/guest/report.ts';
import { openDb } from '../../src/store/db.ts';
import { instanceStore } from '../../src/store/instances.ts';
import { networkHistoryStore } from '../../src/store/network-history.ts';
import { operationStore, type OperationRow } from '../../src/store/operations.ts';
import { settingStore } from '../../src/store/settings.ts';
import { snapshotStore } from '../../src/store/snapshots.ts';

const SYSTEM = { type: 'system', bootId: 'b', cloudInit: { status: 'done', detail: '' } } as unknown as SystemReport;

class StubMachine implements RunningMachine {
  readonly id: string;
  readonly accelerator = 'stub';
  readonly notice = null;
  readonly startedAt = new Date().toISOString();
  readonly isPaused = false;
  readonly pauseReason = null;
  readonly guest: GuestAccess;
  end: MachineEnd | undefined;
  readonly #listeners = new Set<Partial<MachineEvents>>();
  readonly #gone: () => void;

  constructor(id: string, answers: boolean, gone: () => void) {
    this.id = id;
    this.#gone = gone;
    const hold: Hold = answers ? { level: 'held', reason: null } : { level: 'lost', reason: 'it has not answered yet' };
    const unreachable = () => Promise.reject(fail('guest-unreachable', 'a stub has nobody in it'));
    this.guest = {
      hold, user: 'stub', reports: { network: undefined, system: answers ? SYSTEM : undefined },
      reach: unreachable, openSsh: unreachable, setClock: unreachable,
      onHold: () => () => {}, onControl: () => () => {}, onReport: () => () => {},
      wake() {}, expectEnd() {}, async [Symbol.asyncDispose]() {},
    };
  }

  on(listener: Partial<MachineEvents>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  finish(end: MachineEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.#gone();
    for (const listener of this.#listeners) listener.ended?.(end);
  }

  async powerDown(): Promise<void> { this.finish({ kind: 'powered-off' }); }
  async reset(): Promise<void> {}
  async kill(): Promise<void> { this.finish({ kind: 'powered-off' }); }
  /** A daemon lets go of it: what it listened to, it hears no more. */
  async [Symbol.asyncDispose](): Promise<void> { this.#listeners.clear(); }
}

type DriverCall = 'start' | 'adopt' | 'modify' | 'plug' | 'freeze' | 'freezeLive' | 'revert' | 'suspend' | 'remove';

export class StubHost {
  readonly machines = new Map<string, StubMachine>();
  readonly suspended = new Set<string>();
  /** What the driver can still tell of a machine that is gone. */
  readonly ends = new Map<string, MachineEnd>();
  /** Layers with memory. */
  readonly #live = new Set<string>();
  readonly log: string[] = [];
  /** What happens in the midst of a call, before it is done; that throws, it fails. */
  readonly during: Partial<Record<DriverCall, (name: string) => Promise<void> | void>> = {};
  /** Whose guests answer. */
  answers: (name: string) => boolean = () => true;
  readonly #db = openDb(':memory:');
  readonly operations = operationStore(this.#db);

  /** The machines that run end as with the host's power. */
  loseMachines(): void {
    this.machines.clear();
  }

  /** A daemon that has not looked yet at what the one before left. */
  daemon(parts: Partial<House> = {}): House {
    const db = this.#db;
    const settings = settingStore(db);
    const events = eventHub();
    const house: House = {
      registry: new Registry(), store: instanceStore(db), history: networkHistoryStore(db), snapshots: snapshotStore(db), settings, events,
      zones: zoneBook(settings), mounts: new MountKeeper(''), driver: this.#driver(), network: undefined, node: 'stub', owner: 0,
      delayed: delayedStops(({ name }) => void act(house, name, { action: 'stop' }), () => {}),
      images: undefined as never, hostEnd: new AbortController(),
      engine: new OperationEngine(this.operations, events, { onStep: () => {}, onBug: (kind, _name, error) => { this.log.push(`bug in ${kind}: ${String(error)}`); } }),
      log: { line: (_cause, instance, message, remedy) => { this.log.push(`${instance ?? '-'} ${message}${remedy ? `; ${remedy}` : ''}`); } },
      ...parts,
    };
    return house;
  }

  /** The next daemon, once it has looked. */
  async nextDaemon(hostRestarted = false): Promise<House> {
    const house = this.daemon();
    await takeOver(house, this.operations, hostRestarted);
    return house;
  }

  /** Stopped, of this name. */
  add(house: House, name: string, spec: Partial<InstanceSpec> = {}): Supervisor {
    const now = new Date().toISOString();
    const number = house.registry.everybodys.length + 1;
    const record = {
      instance: {
        id: randomBytes(4).toString('hex'), name, architecture: 'x86_64' as const, node: 'stub', owner: 0, zone: 'zone1', createdAt: now, image: { name: 'stub', os: 'Stub', release: '1' },
        spec: { cpus: 1, memoryBytes: 1024 ** 3, diskBytes: 5 * 1024 ** 3, imageDigest: 'd', imageFormat: 'raw' as const, mac: `52:54:00:00:00:${String(number).padStart(2, '0')}`, subnetIndex: number, ...spec },
      },
      timezone: 'Etc/UTC', userData: undefined, wanted: { running: false, deleted: false }, observed: { state: 'Stopped' as const, reason: null, at: now },
    };
    house.store.insert(record);
    const supervisor = new Supervisor(record, house);
    house.registry.add(supervisor);
    return supervisor;
  }

  /** What a daemon leaves that dies in the midst of it. */
  leave(supervisor: Supervisor | undefined, kind: string, request: object, step = ''): OperationRow {
    const id = randomBytes(8).toString('hex');
    const startedAt = new Date().toISOString();
    const record = { id, kind, instance: supervisor?.name ?? null, status: 'running', stage: '', fraction: null, notices: [], error: null, result: {}, startedAt, endedAt: null };
    const row = { id, kind, instance: supervisor?.id ?? null, step, status: 'running', request: JSON.stringify(request), record: JSON.stringify(record), startedAt, owner: 0 };
    this.operations.insert(row);
    return row;
  }

  #driver(): Driver {
    const midst = async (call: DriverCall, name: string): Promise<void> => await this.during[call]?.(name);
    return {
      name: 'stub',
      abilities: { hotPlug: true, snapshot: true },
      version: () => Promise.resolve('1'),
      create: () => Promise.resolve(),
      modify: async ({ name }) => await midst('modify', name),
      start: async ({ id, name }) => {
        await midst('start', name);
        const machine = new StubMachine(id, this.answers(name), () => { if (this.machines.get(id) === machine) this.machines.delete(id); });
        this.machines.set(id, machine);
        this.suspended.delete(id);
        return machine;
      },
      suspend: async ({ id, name }) => {
        await midst('suspend', name);
        this.suspended.add(id);
        this.machines.get(id)?.finish({ kind: 'suspended' });
      },
      freeze: async ({ name }) => await midst('freeze', name),
      freezeLive: async ({ name }, layer) => {
        await midst('freezeLive', name);
        this.#live.add(layer);
      },
      revert: async ({ id, name }, layer) => {
        await midst('revert', name);
        if (this.#live.has(layer)) this.suspended.add(id);
        return { suspended: this.#live.has(layer) };
      },
      plug: async ({ name }) => await midst('plug', name),
      adopt: async ({ id, name }) => {
        await midst('adopt', name);
        const end: MachineEnd | undefined = this.suspended.has(id) ? { kind: 'suspended' } : this.ends.get(id);
        return this.machines.get(id) ?? (end && { end });
      },
      end: (id) => Promise.resolve(this.machines.get(id)?.finish({ kind: 'powered-off' })),
      remove: async (id) => {
        await midst('remove', id);
        this.machines.delete(id);
        this.suspended.delete(id);
      },
      traces: () => Promise.resolve([]),
      consoleTail: () => Promise.resolve(''),
    };
  }
}
