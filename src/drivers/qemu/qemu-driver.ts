/** The driver that runs machines under QEMU, each a detached process that outlives the daemon. */
import { readdir } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import type { Architecture } from '../../core/instance.ts';
import { processStartTime, signalProcess, waitForEnd } from '../../host/process/identity.ts';
import { readPidFile } from '../../host/process/detached.ts';
import { ensureInstanceKeys } from '../../host/keys.ts';
import { nameBeforeRemoval, removeDirectory } from '../../host/remove-directory.ts';
import type { Driver, DriverAbilities, MachineEnd, MachineSpec, RunningMachine, Work } from '../driver.ts';
import { candidates, thisHost } from './accelerator/candidates.ts';
import { AcceleratorMemory } from './accelerator/memory.ts';
import { adoptHypervisor } from './adopt.ts';
import { qemuVersion } from './binary.ts';
import type { Accelerator } from './command-line/input.ts';
import { logTail } from './console/bounded-log.ts';
import { createMachine } from './create.ts';
import { growOverlay } from './disk.ts';
import { UserNetworkAddress } from './address.ts';
import type { FreezeGuest, HoldGuest, SetClock, ThawGuest, WriteSeed } from './hold-guest.ts';
import type { Hypervisor } from './hypervisor.ts';
import { defaultIdentityPolicy, machineUuid, type IdentityPolicy } from './identity.ts';
import { rescueLine } from './lanes.ts';
import { machineFiles, type HomeLayout, type MachineFiles } from './layout.ts';
import { QemuMachine } from './machine.ts';
import { QmpClient } from './qmp/client.ts';
import { startHypervisor } from './start.ts';
import { readState, writeState, type MachineState } from './state-file.ts';
import { discardSuspended, resumeMachine, suspendMachine } from './suspend.ts';
import { plugCard } from './template/fork.ts';
import { QemuTemplates } from './template/qemu-templates.ts';
import { Turns } from './turns.ts';
import { userSubnet } from '../../core/subnets.ts';

export interface QemuDriverOptions {
  readonly layout: HomeLayout;
  readonly resolveImage: (digest: string, format: 'qcow2' | 'raw') => string;
  readonly holdGuest: HoldGuest;
  readonly writeSeed: WriteSeed;
  readonly freezeGuest: FreezeGuest;
  readonly thawGuest: ThawGuest;
  readonly setClock: SetClock;
  readonly defaultUser: string;
  /** The guest's files as this Holdfast has them, without keys: those of the instance stay. */
  readonly agent?: { readonly version: string; readonly bundleJson: string } | undefined;
  readonly log: (id: string, cause: string, message: string) => void;
  /** As root each machine has an identity of its own, otherwise the daemon's. */
  readonly identity?: IdentityPolicy;
  /** Only these are tried; all that the host offers otherwise. */
  readonly accelerators?: readonly Accelerator[];
}

const HOST_ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

export class QemuDriver implements Driver {
  readonly name = 'qemu';
  readonly abilities: DriverAbilities = { fork: true, suspend: true, hotPlug: false, snapshot: false, console: true, sharedMemory: false };
  readonly #options: QemuDriverOptions;
  readonly #identity: IdentityPolicy;
  readonly #memory: AcceleratorMemory;
  /** What this daemon holds: its monitor has one client, so it cannot be adopted a second time. */
  readonly #held = new Map<string, QemuMachine>();
  readonly templates: QemuTemplates;
  readonly #turns = new Turns();

  constructor(options: QemuDriverOptions) {
    this.#options = options;
    this.#identity = options.identity ?? defaultIdentityPolicy();
    this.#memory = new AcceleratorMemory(options.layout.acceleratorFile);
    this.templates = new QemuTemplates({
      directory: options.layout.templatesDir, identity: this.#identity, memory: this.#memory, only: options.accelerators,
      filesOf: (id) => this.#files(id), create: (machine, work) => this.create(machine, work), remove: (id) => this.remove(id),
      boot: async (machine, ramPath, work) => await this.#boot(machine, work, ramPath), freeze: options.freezeGuest, thaw: options.thawGuest,
    });
  }

  version(): Promise<string> {
    return qemuVersion(HOST_ARCHITECTURE);
  }

  async create(machine: MachineSpec, work: Work, template?: string): Promise<void> {
    await createMachine(machine, {
      files: this.#files(machine.id), identity: this.#identity, writeSeed: this.#options.writeSeed,
      basePath: this.#options.resolveImage(machine.spec.imageDigest, machine.spec.imageFormat),
      template: template === undefined ? undefined : await this.templates.require(template),
    }, work);
  }

  /** Processors and memory are taken from the specification at each start. */
  async modify(machine: MachineSpec, { signal }: Work): Promise<void> {
    await growOverlay(this.#files(machine.id).disk, machine.spec.diskBytes, signal);
  }

  async start(machine: MachineSpec, work: Work): Promise<RunningMachine> {
    const running = this.#held.get(machine.id) ?? await this.adopt(machine);
    if (running !== undefined && 'id' in running) {
      if (running.end === undefined) return running;
      await running.kill();
      await running[Symbol.asyncDispose]();
    }
    const files = this.#files(machine.id);
    const state = await readState(files.state);
    if (state?.suspended) return await this.#resume(machine, files, state, work);
    const fork = state?.fork;
    if (!fork) return await this.#boot(machine, work);
    return await this.#fork(machine, fork, files, work);
  }

  async suspend(machine: MachineSpec, { signal }: Work): Promise<void> {
    const held = this.#held.get(machine.id);
    if (held === undefined) throw fail('machine-failed', `${machine.name} does not run, or was not taken over`);
    await suspendMachine(machine, held, this.#files(machine.id), signal);
  }

  async discard(id: string): Promise<void> {
    await discardSuspended(this.#files(id));
  }

  async #resume(machine: MachineSpec, files: MachineFiles, state: MachineState, work: Work): Promise<QemuMachine> {
    const { kvmGid } = candidates(await thisHost(this.#identity), machine.architecture);
    const started = await resumeMachine(machine, { files, state, kvmGid, setClock: this.#options.setClock, log: this.#logOf(machine.id) }, work);
    return await this.#hold(machine, files, { ...started, answered: true });
  }

  async #fork(machine: MachineSpec, key: string, files: MachineFiles, work: Work): Promise<QemuMachine> {
    const { record } = await this.templates.require(key);
    const turn = record.shape.accelerator === 'tcg' ? await this.#turns.take('now', work.signal) : undefined;
    const arrived = (): void => turn?.[Symbol.dispose]();
    try {
      const started = await this.templates.fork(machine, key, files, this.#logOf(machine.id), work);
      return await this.#hold(machine, files, { ...started, arrived });
    } catch (error) {
      arrived();
      throw error;
    }
  }

  async #boot(machine: MachineSpec, work: Work, ramPath?: string): Promise<QemuMachine> {
    const files = this.#files(machine.id);
    const started = await startHypervisor(machine, {
      files, identity: this.#identity, memory: this.#memory, log: this.#logOf(machine.id), only: this.#options.accelerators, ramPath,
    }, work);
    return await this.#hold(machine, files, started);
  }

  async adopt(machine: MachineSpec): Promise<RunningMachine | { readonly end: MachineEnd } | undefined> {
    const files = this.#files(machine.id);
    const found = await adoptHypervisor(machine, files, this.#logOf(machine.id));
    if (found === undefined || 'end' in found) return found;
    return await this.#hold(machine, files, { ...found, notice: null });
  }

  async end(id: string): Promise<void> {
    await this.#held.get(id)?.kill();
    await this.#endProcess(id, this.#files(id));
  }

  async remove(id: string): Promise<void> {
    const files = this.#files(id);
    await this.end(id);
    await removeDirectory(files.run.directory);
    await removeDirectory(files.directory);
  }

  async traces(): Promise<readonly string[]> {
    const { instancesDir, runDir } = this.#options.layout;
    const names = await Promise.all([instancesDir, runDir].map((directory) => readdir(directory).catch(() => [] as string[])));
    return [...new Set(names.flat().map(nameBeforeRemoval))].filter((name) => /^[0-9a-f]{8}$/.test(name)).toSorted();
  }

  consoleTail(id: string, maxBytes: number): Promise<string> {
    return logTail(this.#files(id).consoleLog, maxBytes);
  }

  async #hold(machine: MachineSpec, files: MachineFiles, started: {
    readonly hypervisor: Hypervisor; readonly accelerator: Accelerator; readonly startedAt: string; readonly notice: string | null;
    readonly answered?: boolean; readonly arrived?: () => void;
  }): Promise<QemuMachine> {
    const { hypervisor, accelerator } = started;
    const unsettled = await this.#unsettled(machine, files, started);
    const keys = await ensureInstanceKeys(files.keys);
    const address = new UserNetworkAddress(() => hypervisor.monitor, userSubnet(machine.spec.subnetIndex).guest);
    await address.clear().catch(() => undefined);
    const guest = this.#options.holdGuest({
      name: machine.name, lanes: hypervisor.lanes, address, console: rescueLine(files.run.rescue),
      keys: {
        controlPrivate: keys.control.privateKey, sessionPrivate: keys.session.privateKey,
        hostPublic: keys.laneHost.publicKey, guestHostPublic: keys.guestHost.publicKey,
      },
      slow: accelerator === 'tcg', answered: started.answered ?? unsettled !== undefined, arrived: started.arrived, unsettled, startedAt: started.startedAt, defaultUser: this.#options.defaultUser, agent: this.#options.agent, log: this.#logOf(machine.id),
    });
    const held = new QemuMachine({ id: machine.id, guest, whole: unsettled?.done, ...started });
    this.#held.set(machine.id, held);
    void hypervisor.gone.then(() => {
      if (this.#held.get(machine.id) === held) this.#held.delete(machine.id);
    });
    return held;
  }

  /** Of a fork that has its identity and no card yet, also where an earlier daemon died over it: how it gets the rest. */
  async #unsettled(machine: MachineSpec, files: MachineFiles, { hypervisor, accelerator }: { readonly hypervisor: Hypervisor; readonly accelerator: Accelerator }) {
    if (!(await readState(files.state))?.unsettled) return undefined;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    return {
      done,
      turn: (signal: AbortSignal): Promise<Disposable> => (accelerator === 'tcg' ? this.#turns.take('later', signal) : Promise.resolve({ [Symbol.dispose]() {} })),
      plug: () => plugCard(machine, hypervisor),
      settled: async () => {
        const state = await readState(files.state);
        if (state) await writeState(files.state, { ...state, unsettled: false });
        resolve();
      },
    };
  }

  /** By the recorded identity, or, when a start was interrupted before it was recorded, by the monitor's word for it. */
  async #endProcess(id: string, files: MachineFiles): Promise<void> {
    const run = (await readState(files.state).catch(() => undefined))?.run;
    const identity = run ?? await this.#unrecorded(id, files);
    if (identity === undefined) return;
    for (const [signal, deadlineMs] of [['SIGTERM', 2_000], ['SIGKILL', 5_000]] as const) {
      if (!(await signalProcess(identity, signal)) || await waitForEnd(identity, deadlineMs)) return;
    }
    throw fail('machine-failed', `QEMU (pid ${identity.pid}) does not end, not even by SIGKILL`);
  }

  async #unrecorded(id: string, files: MachineFiles) {
    const pid = await readPidFile(files.run.pid);
    const startTime = pid === undefined ? undefined : await processStartTime(pid);
    if (pid === undefined || startTime === undefined) return undefined;
    const monitor = await QmpClient.connect(files.run.monitor, 2_000).catch(() => undefined);
    if (monitor === undefined) return undefined;
    await using held = monitor;
    const { UUID } = await held.execute('query-uuid');
    return UUID === machineUuid(id) ? { pid, startTime } : undefined;
  }

  #files(id: string): MachineFiles {
    if (!/^[0-9a-f]{8}$/.test(id)) throw new TypeError(`no instance id: ${id}`);
    return machineFiles(this.#options.layout, id);
  }

  #logOf(id: string): (cause: string, message: string) => void {
    return (cause, message) => this.#options.log(id, cause, message);
  }
}
