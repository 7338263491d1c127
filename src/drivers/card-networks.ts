/** What the driver needs of the host where cards are on networks; host/network/ has it, with root's rights and without. */
import type { InstanceSpec } from '../core/instance.ts';

export interface CardNetworks {
  /** What a card is plugged into; pure. @param network  null: the home's own */
  plugOf(id: string, slot: number, network: string | null): CardPlug;
  /** Makes what the cards of a machine that starts need, which may be nothing. @returns what releases it when this run has ended, with what `change` has made */
  attach(machine: AttachedMachine): Promise<() => Promise<void>>;
  /** The same while it runs, when it has other cards now. @throws machine-failed also where it has ended */
  change(machine: AttachedMachine): Promise<void>;
  /** By which of the home's bridges the host reaches a default card's address; undefined where that is not known. Left out where the host is on none of its networks. */
  bridgeAt?(address: string): Promise<string | undefined>;
  /** Of a machine that has ended. */
  detach(id: string): Promise<void>;
}

/** A tap that is on its bridge, or the socket of a switch. */
export type CardPlug = { readonly kind: 'tap'; readonly name: string } | { readonly kind: 'switch'; readonly path: string };

export interface AttachedMachine {
  readonly id: string;
  readonly name: string;
  /** Whom its machine runs as. */
  readonly uid: number;
  readonly spec: InstanceSpec;
}

/** Besides QEMU's user network. */
export function needsNetworks({ network, cards }: InstanceSpec): boolean {
  return network !== undefined || (cards ?? []).length > 0;
}
