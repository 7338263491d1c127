/** The disks of all machines: what each lies on now, and how it changes. */
import { oneAtATime } from '../../../core/one-at-a-time.ts';
import type { MachineSpec } from '../../driver.ts';
import { growOverlay, type DiskPath } from '../disk.ts';
import type { MachineFiles } from '../layout.ts';
import { readState } from '../state-file.ts';
import { LayerStore, type OpenDiskBase } from './layer-store.ts';
import type { QemuMachine } from '../machine.ts';
import { endLive, freezeLive } from './live.ts';
import { endReverting, freezeDisk, putInOrder, revertDisk, type DiskParts } from './machine-disk.ts';
import { turnOrLeave } from './turn-or-leave.ts';

export interface MachineDisksOptions {
  readonly layersDir: string;
  /** Where the image of a digest lies. */
  readonly resolveImage: (digest: string, format: 'qcow2' | 'raw') => string;
  readonly filesOf: (id: string) => MachineFiles;
}

export class MachineDisks {
  readonly layers: LayerStore;
  readonly #options: MachineDisksOptions;
  /** A layer that has just been made is nobody's yet: whoever sweeps meanwhile would remove it. */
  readonly #inTurn = oneAtATime();

  constructor(options: MachineDisksOptions) {
    this.#options = options;
    this.layers = new LayerStore(options.layersDir);
  }

  image({ spec }: MachineSpec): DiskPath {
    return { path: this.#options.resolveImage(spec.imageDigest, spec.imageFormat), format: spec.imageFormat };
  }

  /** For a QEMU that is about to be started. */
  opener(machine: MachineSpec): OpenDiskBase {
    return async (first) => {
      const files = this.#options.filesOf(machine.id);
      return await this.layers.open((await readState(files.state))?.layer, this.image(machine), first);
    };
  }

  /** Before the start of a machine that does not run: what an earlier daemon left is ended. */
  async prepare(machine: MachineSpec): Promise<void> {
    const files = this.#options.filesOf(machine.id);
    await endReverting(files, this.layers);
    await endLive(files, this.layers, undefined);
    await putInOrder(files);
  }

  async grow(machine: MachineSpec, signal: AbortSignal): Promise<void> {
    const files = this.#options.filesOf(machine.id);
    await this.prepare(machine);
    await growOverlay(files.disk, machine.spec.diskBytes, (await readState(files.state))?.uid ?? null, signal);
  }

  async freeze(machine: MachineSpec, layer: string, signal: AbortSignal): Promise<void> {
    await this.prepare(machine);
    await turnOrLeave(this.#inTurn, () => freezeDisk(machine.name, layer, this.#parts(machine), signal), signal);
  }

  /** Its guest stands still meanwhile; other machines' disks wait for this one's only, not until its memory is saved. */
  freezeLive(machine: MachineSpec, held: QemuMachine, layer: string, signal: AbortSignal): Promise<void> {
    return freezeLive(machine, held, layer, this.#parts(machine), (work) => turnOrLeave(this.#inTurn, work, signal), signal);
  }

  /** @returns whether the machine is a suspended one now */
  async revert(machine: MachineSpec, layer: string, signal: AbortSignal): Promise<boolean> {
    await this.prepare(machine);
    return await turnOrLeave(this.#inTurn, () => revertDisk(machine.name, layer, this.#parts(machine), signal), signal);
  }

  /** @param machines  all that there is any trace of */
  sweep(kept: ReadonlySet<string>, machines: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      if (await this.layers.isEmpty()) return;
      const states = await Promise.all(machines.map((id) => readState(this.#options.filesOf(id).state)));
      const used = states.flatMap((state) => [state?.layer, state?.freezing, state?.live]).filter((layer) => layer !== undefined);
      await this.layers.sweep(new Set([...kept, ...used]));
    });
  }

  #parts(machine: MachineSpec): DiskParts {
    return { files: this.#options.filesOf(machine.id), layers: this.layers, image: this.image(machine) };
  }
}
