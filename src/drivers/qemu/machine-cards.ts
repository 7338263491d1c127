/** The cards of this driver's machines and what they are plugged into: before a start, in one that runs, and after its end. */
import { fail } from '../../core/errors.ts';
import { userSubnet } from '../../core/subnets.ts';
import type { AddressPort } from '../../guest/lane-port.ts';
import { needsNetworks, type CardNetworks } from '../card-networks.ts';
import type { MachineSpec } from '../driver.ts';
import { DirectAddress, UserNetworkAddress } from './address.ts';
import { cardsOf, isPlugged, plugCard, unplugCard } from './cards.ts';
import type { Card } from './command-line/input.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { QmpClient } from './qmp/client.ts';

/** Whom a machine runs as; null or nothing: as the daemon. */
type Uid = number | null | undefined;
/** What gives a run's taps back when it has ended. */
export type Attached = Promise<() => Promise<void>>;

export class MachineCards {
  readonly #networks: CardNetworks | undefined;

  /** @param networks  none where the host has none: then all cards are on QEMU's user network */
  constructor(networks: CardNetworks | undefined) {
    this.#networks = networks;
  }

  of(machine: MachineSpec): Card[] {
    return cardsOf(machine, (id, slot, network) => this.#networks?.plugOf(id, slot, network) ?? { kind: 'tap', name: '' });
  }

  async attach({ id, name, spec }: MachineSpec, uid: Uid): Promise<() => Promise<void>> {
    // Also of one without such a card: what one that comes while it runs is given goes with the run.
    if (this.#networks !== undefined) return await this.#networks.attach({ id, name, uid: own(uid), spec });
    if (needsNetworks(spec)) throw fail('machine-failed', `${name} has a card on a network of the host's, and this daemon knows none`);
    return () => Promise.resolve();
  }

  /** What its cards are plugged into is there before it starts, and goes when it does not. */
  async around<T>(machine: MachineSpec, uid: Uid, start: (attached: Attached) => Promise<T>): Promise<T> {
    const release = await this.attach(machine, uid);
    try {
      return await start(Promise.resolve(release));
    } catch (error) {
      await release();
      throw error;
    }
  }

  async detach(id: string): Promise<void> {
    await this.#networks?.detach(id);
  }

  async plug(machine: MachineSpec, slot: number, uid: Uid, monitor: QmpClient): Promise<void> {
    const card = this.of(machine).find((each) => each.slot === slot);
    if (card === undefined) throw fail('machine-failed', `${machine.name} has no card ${slot}`);
    // Of one that is there its address may be another now.
    if (await isPlugged(monitor, card)) return await this.#change(machine, uid);
    try {
      await this.#change(machine, uid);
      await plugCard(monitor, card);
    } catch (error) {
      // Whatever of it is there, or is late: the next card in its place is not to find it.
      await unplugCard(monitor, machine.name, slot).catch(() => undefined);
      await this.#change(without(machine, slot), uid).catch(() => undefined);
      throw error;
    }
  }

  async unplug(machine: MachineSpec, slot: number, uid: Uid, monitor: QmpClient): Promise<void> {
    await unplugCard(monitor, machine.name, slot);
    await this.#change(without(machine, slot), uid);
  }

  /** All of them, where they are not there yet. */
  async plugAll(machine: MachineSpec, monitor: QmpClient, attached: Attached): Promise<void> {
    await attached;
    for (const card of this.of(machine)) await plugCard(monitor, card);
  }

  /** Where the guest's own sshd is reached. */
  async address({ spec }: MachineSpec, hypervisor: Hypervisor): Promise<AddressPort> {
    if (spec.network) return new DirectAddress(spec.network.address);
    const forwarded = new UserNetworkAddress(() => hypervisor.monitor, userSubnet(spec.subnetIndex).guest);
    await forwarded.clear().catch(() => undefined);
    return forwarded;
  }

  async #change({ id, name, spec }: MachineSpec, uid: Uid): Promise<void> {
    await this.#networks?.change({ id, name, uid: own(uid), spec });
  }
}

function without(machine: MachineSpec, slot: number): MachineSpec {
  return { ...machine, spec: { ...machine.spec, cards: (machine.spec.cards ?? []).filter((card) => card.slot !== slot) } };
}

function own(uid: Uid): number {
  return uid ?? process.getuid?.() ?? 0;
}
