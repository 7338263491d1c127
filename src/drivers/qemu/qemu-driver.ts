/** The driver that runs machines under QEMU, each a detached process that outlives the daemon. */
import { readdir, rm } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import { nativeMounts } from '../../core/mounts/native.ts';
import { HOST_ARCHITECTURE } from '../../host/architecture.ts';
import { isSameProcess } from '../../host/process/identity.ts';
import { ensureInstanceKeys } from '../../host/keys.ts';
import { nameBeforeRemoval, removeDirectory } from '../../host/remove-directory.ts';
import type { CardNetworks } from '../card-networks.ts';
import type { Driver, DriverAbilities, Examiner, MachineEnd, MachineSpec, Origin, RunningMachine, SshKeys, Work } from '../driver.ts';
import { candidates, thisHost } from './accelerator/candidates.ts';
import { AcceleratorMemory } from './accelerator/memory.ts';
import { adoptHypervisor } from './adopt.ts';
import { qemuVersion } from './binary.ts';
import type { Accelerator } from './command-line/input.ts';
import { logTail } from './console/bounded-log.ts';
import { createMachine } from './create.ts';
import { endProcess } from './end-process.ts';
import { hostChecks } from './examine/host.ts';
import { machineChecks } from './examine/machine.ts';
import type { FreezeGuest, SetClock, ThawGuest, WriteSeed } from './hold-guest.ts';
import { HeldMachines, type HoldParts, type StartedMachine } from './held-machines.ts';
import { defaultIdentityPolicy, type IdentityPolicy } from './identity.ts';
import { endLive } from './layers/live.ts';
import { MachineDisks } from './layers/machine-disks.ts';
import { machineFiles, type DriverPlaces, type MachineFiles } from './layout.ts';
import type { QemuMachine } from './machine.ts';
import { MachineCards } from './machine-cards.ts';
import { checkNative, endServers } from './native/servers.ts';
import { startHypervisor } from './start.ts';
import { readState, type MachineState } from './state-file.ts';
import type { SavedMachine } from './state-transfer.ts';
import { discardSuspended, endSuspending, resumeMachine, suspendMachine } from './suspend.ts';
import { QemuTemplates } from './template/qemu-templates.ts';
import { UrgentTurns } from './urgent-turns.ts';

export interface QemuDriverOptions extends HoldParts {
  readonly layout: DriverPlaces;
  readonly resolveImage: (digest: string, format: 'qcow2' | 'raw') => string;
  readonly writeSeed: WriteSeed;
  readonly freezeGuest: FreezeGuest;
  readonly thawGuest: ThawGuest;
  readonly setClock: SetClock;
  /** Where cards are plugged in that are not on QEMU's user network; none where the host has no such thing. */
  readonly networks?: CardNetworks | undefined;
  /** As root each machine has an identity of its own, otherwise the daemon's. */
  readonly identity?: IdentityPolicy;
  /** Only these are tried; all that the host offers otherwise. */
  readonly accelerators?: readonly Accelerator[];
}

export class QemuDriver implements Driver {
  readonly name = 'qemu';
  readonly abilities: DriverAbilities = { hotPlug: true, snapshot: true };
  readonly #options: QemuDriverOptions;
  readonly #identity: IdentityPolicy;
  readonly #memory: AcceleratorMemory;
  readonly #held: HeldMachines;
  readonly templates: QemuTemplates;
  readonly examine: Examiner;
  readonly #turns = new UrgentTurns();
  readonly #cards: MachineCards;
  readonly #disks: MachineDisks;

  constructor(options: QemuDriverOptions) {
    this.#options = options;
    this.#identity = options.identity ?? defaultIdentityPolicy();
    this.#cards = new MachineCards(options.networks);
    this.#held = new HeldMachines(options, this.#cards, this.#turns);
    this.#disks = new MachineDisks({ layersDir: options.layout.layersDir, resolveImage: options.resolveImage, filesOf: (id) => this.#files(id) });
    this.#memory = new AcceleratorMemory(options.layout.acceleratorFile);
    this.templates = new QemuTemplates({
      directory: options.layout.templatesDir, identity: this.#identity, memory: this.#memory, only: options.accelerators,
      filesOf: (id) => this.#files(id), create: (machine, work) => this.create(machine, work), remove: (id) => this.remove(id),
      boot: async (machine, ramPath, work) => await this.#boot(machine, work, ramPath), freeze: options.freezeGuest, thaw: options.thawGuest,
      inUse: async () => await this.#templatesInUse(),
    });
    this.examine = {
      host: (used) => hostChecks({
        architecture: HOST_ARCHITECTURE, used, identity: this.#identity, memory: this.#memory, only: options.accelerators,
        directories: [options.layout.instancesDir, options.layout.runDir],
      }),
      machine: (machine) => machineChecks({
        machine, files: this.#files(machine.id), held: () => this.#held.get(machine.id), bridgeAt: async (address) => await options.networks?.bridgeAt?.(address),
      }),
    };
  }

  version(): Promise<string> {
    return qemuVersion(HOST_ARCHITECTURE);
  }

  async create(machine: MachineSpec, work: Work, origin?: Origin): Promise<void> {
    await createMachine(machine, {
      files: this.#files(machine.id), identity: this.#identity, writeSeed: this.#options.writeSeed, image: this.#disks.image(machine), layers: this.#disks.layers,
      template: origin?.template === undefined ? undefined : await this.templates.require(origin.template), layer: origin?.layer,
    }, work);
  }

  /** Processors and memory are taken from the specification at each start. */
  async modify(machine: MachineSpec, { signal }: Work): Promise<void> {
    await this.#disks.grow(machine, signal);
  }

  async checkNative(mount: Mount): Promise<void> {
    await checkNative(mount);
  }

  async start(machine: MachineSpec, work: Work): Promise<RunningMachine> {
    const running = this.#held.get(machine.id) ?? await this.adopt(machine);
    if (running !== undefined && 'id' in running) {
      if (running.end === undefined) return running;
      await running.kill();
      await running[Symbol.asyncDispose]();
    }
    const files = this.#files(machine.id);
    // One that a daemon had started, and was killed before it wrote it down, has the disk open still.
    await endProcess(machine, files);
    await this.#disks.prepare(machine);
    const state = await readState(files.state);
    const memory = state?.suspended ? 'saved' : state?.fork ? 'a template\'s' : undefined;
    if (memory !== undefined && nativeMounts(machine.spec).length > 0) {
      throw fail('wrong-state', `${machine.name} begins with memory that is ${memory}, in which no native mount can be`, { hint: `take them away, start it once, and mount again when it is stopped: holdfast umount ${machine.name}` });
    }
    if (state?.suspended) return await this.#resume(machine, files, state, work);
    // Of a daemon that was killed when it had just been taken up.
    await discardSuspended(files);
    if (!state?.fork) return await this.#boot(machine, work);
    return await this.#fork(machine, state.fork, state, files, work);
  }

  async suspend(machine: MachineSpec, { signal }: Work): Promise<void> {
    await suspendMachine(machine, this.#held.require(machine), this.#files(machine.id), signal);
  }

  async freeze(machine: MachineSpec, layer: string, { signal }: Work): Promise<void> {
    await this.#disks.freeze(machine, layer, signal);
  }

  async freezeLive(machine: MachineSpec, layer: string, { signal }: Work): Promise<void> {
    await this.#disks.freezeLive(machine, this.#held.require(machine), layer, signal);
  }

  async revert(machine: MachineSpec, layer: string, { signal }: Work): Promise<{ suspended: boolean }> {
    return { suspended: await this.#disks.revert(machine, layer, signal) };
  }

  async sweepLayers(kept: ReadonlySet<string>): Promise<void> {
    await this.#disks.sweep(kept, await this.traces());
  }

  async discard(id: string): Promise<void> {
    await discardSuspended(this.#files(id));
  }

  async #resume(machine: MachineSpec, files: MachineFiles, state: MachineState, work: Work): Promise<QemuMachine> {
    const { kvmGid } = candidates(await thisHost(this.#identity), machine.architecture);
    const { setClock } = this.#options;
    return await this.#cards.around(machine, state.uid, async (attached) => {
      const started = await resumeMachine(machine, { files, openBase: this.#disks.opener(machine), state, kvmGid, cards: this.#cards.of(machine), setClock, log: this.#logOf(machine.id) }, work);
      return await this.#hold(machine, files, { ...started, attached, answered: !started.clockBehind });
    });
  }

  async #hold(machine: MachineSpec, files: MachineFiles, started: StartedMachine): Promise<QemuMachine> {
    const { hypervisor } = started;
    hypervisor.onRetaken(() => this.#endSaves(files, hypervisor));
    return await this.#held.hold(machine, files, started);
  }

  /** That a daemon was killed over, or that its monitor was lost over. */
  async #endSaves(files: MachineFiles, machine: SavedMachine): Promise<void> {
    await endSuspending(files, machine);
    await endLive(files, this.#disks.layers, machine);
  }

  async #fork(machine: MachineSpec, key: string, state: MachineState, files: MachineFiles, work: Work): Promise<QemuMachine> {
    const { record } = await this.templates.requireOf(machine, key, state);
    const turn = record.shape.accelerator === 'tcg' ? await this.#turns.take('now', work.signal) : undefined;
    const arrived = (): void => turn?.[Symbol.dispose]();
    try {
      const started = await this.templates.fork(machine, key, { files, openBase: this.#disks.opener(machine), cards: this.#cards.of(machine), log: this.#logOf(machine.id) }, work);
      return await this.#hold(machine, files, { ...started, arrived });
    } catch (error) {
      arrived();
      throw error;
    }
  }

  async #boot(machine: MachineSpec, work: Work, ramPath?: string): Promise<QemuMachine> {
    const files = this.#files(machine.id);
    return await this.#cards.around(machine, await this.#uid(machine.id), async (attached) => {
      const started = await startHypervisor(machine, {
        files, openBase: this.#disks.opener(machine), identity: this.#identity, memory: this.#memory, cards: this.#cards.of(machine), log: this.#logOf(machine.id), only: this.#options.accelerators, ramPath,
      }, work);
      const notice = started.notice ?? (ramPath === undefined ? this.templates.takeNotice() : null);
      return await this.#hold(machine, files, { ...started, notice, attached });
    });
  }

  async plug(machine: MachineSpec, slot: number): Promise<void> {
    const held = await this.#held.requireWhole(machine);
    await this.#cards.plug(machine, slot, await this.#uid(machine.id), held.monitor);
  }

  async unplug(machine: MachineSpec, slot: number): Promise<void> {
    const held = await this.#held.requireWhole(machine);
    await this.#cards.unplug(machine, slot, await this.#uid(machine.id), held.monitor);
  }

  async #uid(id: string): Promise<number | null | undefined> {
    return (await readState(this.#files(id).state))?.uid;
  }

  async adopt(machine: MachineSpec): Promise<RunningMachine | { readonly end: MachineEnd } | undefined> {
    const files = this.#files(machine.id);
    const found = await adoptHypervisor(machine, files, { log: this.#logOf(machine.id), taken: (found) => this.#endSaves(files, found) });
    if (found === undefined || 'end' in found) return found;
    try {
      return await this.#hold(machine, files, { ...found, notice: null, adopted: true });
    } catch (error) {
      // Its monitor has one client, and the next attempt is to be that.
      await found.hypervisor[Symbol.asyncDispose]();
      throw error;
    }
  }

  async end(id: string, name = id): Promise<void> {
    await this.#held.get(id)?.kill();
    await endProcess({ id, name }, this.#files(id));
    await endServers((await readState(this.#files(id).state).catch(() => undefined))?.shares);
    await this.#cards.detach(id);
  }

  async remove(id: string, name = id): Promise<void> {
    const files = this.#files(id);
    await this.end(id, name);
    await removeDirectory(files.run.directory);
    await rm(files.run.migration, { force: true });
    await removeDirectory(files.directory);
  }

  async traces(): Promise<readonly string[]> {
    const { instancesDir, runDir } = this.#options.layout;
    const names = await Promise.all([instancesDir, runDir].map((directory) => readdir(directory).catch(() => [] as string[])));
    return [...new Set(names.flat().map(nameBeforeRemoval))].filter((name) => /^[0-9a-f]{8}$/.test(name)).toSorted();
  }

  async sshKeys(id: string): Promise<SshKeys> {
    const { proxy, laneHost } = await ensureInstanceKeys(this.#files(id).keys);
    const state = await readState(this.#files(id).state);
    return { user: state?.user ?? this.#options.defaultUser, privateKey: proxy.privateKey, hostPublic: laneHost.publicKey };
  }

  consoleTail(id: string, maxBytes: number): Promise<string> {
    return logTail(this.#files(id).consoleLog, maxBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.templates[Symbol.asyncDispose]();
  }

  /** Machines of which nothing can be read use none: they do not run. */
  async #templatesInUse(): Promise<ReadonlySet<string>> {
    const runs = await Promise.all((await this.traces()).map(async (id) => (await readState(this.#files(id).state).catch(() => undefined))?.run));
    const used = await Promise.all(runs.map(async (run) => (run?.template !== undefined && await isSameProcess(run) ? run.template : undefined)));
    return new Set(used.filter((key) => key !== undefined));
  }

  #files(id: string): MachineFiles {
    if (!/^[0-9a-f]{8}$/.test(id)) throw new TypeError(`no instance id: ${id}`);
    return machineFiles(this.#options.layout, id);
  }

  #logOf(id: string): (cause: string, message: string) => void {
    return (cause, message) => this.#options.log(id, cause, message);
  }
}
