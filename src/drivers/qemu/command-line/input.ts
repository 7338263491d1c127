/** What a machine's command line is made from. Nothing is looked up while it is built: same input, same words. */
import type { Architecture } from '../../../core/instance.ts';
import type { Subnet } from '../../../core/subnets.ts';
import type { CardPlug } from '../../card-networks.ts';
import type { MachineSockets } from '../layout.ts';

export type Accelerator = 'kvm' | 'hvf' | 'tcg';
export type HostSystem = 'linux' | 'darwin';

/**
 * Where the guest's memory is. `shared`: in a file without a name, which servers of files map too. `template`: in a file that a template is made of. `fork`: a template's file, mapped
 * private; `readOnly` where this QEMU can open it without the right to write (8.2 on).
 */
export type Memory =
  | { readonly kind: 'own' }
  | { readonly kind: 'shared' }
  | { readonly kind: 'template'; readonly path: string }
  | { readonly kind: 'fork'; readonly path: string; readonly readOnly: boolean };

/** What a card is plugged into: QEMU's user network, or what was made before. */
export type Backend = { readonly kind: 'user'; readonly subnet: Subnet } | CardPlug;

export interface Card {
  /** The root port that it sits behind, 0..7; the default card has 0. */
  readonly slot: number;
  readonly mac: string;
  readonly backend: Backend;
}

/** A directory of the host that the machine has as a device. */
export type NativeShare = {
  /** 0..7, which is its place on the bus. */
  readonly index: number;
  /** What the guest knows it by. */
  readonly tag: string;
} & ({ readonly filesystem: 'virtiofs'; readonly socketPath: string } | { readonly filesystem: '9p'; readonly source: string });

/** What a disk is an overlay of, as it lies now: the path in the overlay's own header is of the day it was made. */
export type DiskBase = ({ readonly path: string } | {
  /** QEMU's own, which it gets with its start. */
  readonly descriptor: number;
}) & {
  readonly format: 'qcow2' | 'raw';
  /** Where it is an overlay itself. */
  readonly backing?: DiskBase;
};

export interface CommandLineInput {
  readonly architecture: Architecture;
  readonly accelerator: Accelerator;
  readonly hostSystem: HostSystem;
  /** Versioned, recorded per instance: pc-q35-7.2, virt-7.2. */
  readonly machineType: string;
  readonly name: string;
  readonly uuid: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly memory: Memory;
  /** Under emulation; by what the memory is when absent. */
  readonly translationBufferBytes?: number | undefined;
  /** A saved state will be loaded instead of a boot. */
  readonly incoming?: boolean;
  readonly cards: readonly Card[];
  readonly shares?: readonly NativeShare[];
  readonly disk: string;
  readonly base: DiskBase;
  readonly seed: string;
  readonly sockets: MachineSockets;
  /** UEFI, where the machine has no firmware of its own (aarch64). */
  readonly firmware: { readonly code: string; readonly variables: string } | undefined;
}

/** In QEMU's key=value syntax a comma within a value is written twice. */
export function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}
