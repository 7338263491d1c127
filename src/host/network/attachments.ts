/** Which machines have cards on which taps: a file each, so that every daemon knows all of them, and one that fails harms no other. */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSpec } from '../../core/instance.ts';
import type { NamedCard } from '../../core/network/dnsmasq-config.ts';
import { networkOf, tapName, type HomeNames, type HomeNetwork } from '../../core/network/home-network.ts';
import { isClosedBridge } from '../../core/network/own-networks.ts';
import { writeWhole } from '../write-whole.ts';

export interface AttachedCard {
  readonly tap: string;
  readonly mac: string;
  /** On a network of the home's: reserved for it, and of that network's subnet. */
  readonly address: string | null;
  readonly name: string | null;
  /** A bridge of the host's; null is that of the home's own network that the address is of. */
  readonly bridge: string | null;
}

/** Those cards that need a tap; none for a machine on the user network. */
export function cardsOf(names: HomeNames, id: string, name: string, spec: InstanceSpec): AttachedCard[] {
  const first = spec.network === undefined ? [] : [{ tap: tapName(names.tapPrefix, id, 0), mac: spec.mac, address: spec.network.address, name, bridge: null }];
  const more = (spec.cards ?? []).map(({ slot, mac, network: bridge, address }) => (
    { tap: tapName(bridge === null ? names.tapPrefix : names.foreignTapPrefix, id, slot), mac, address, name: null, bridge }));
  return [...first, ...more];
}

/** @returns the bridge on the host: the home's are known by the address, so that a card stays where it was given one */
export function bridgeOf(network: HomeNetwork, { bridge, address }: AttachedCard): string {
  const own = address === null ? undefined : networkOf(network, address);
  return bridge ?? own?.bridge ?? network.zones[0]?.bridge ?? '';
}

export function ownCards(cards: readonly AttachedCard[]): NamedCard[] {
  return cards.flatMap(({ tap, mac, address, name, bridge }) => (bridge === null && address !== null ? [{ tap, mac, address, name }] : []));
}

/** On a network of Holdfast's: the home's, or a closed one. */
export function isLookedAfter({ bridge }: AttachedCard): boolean {
  return bridge === null || isClosedBridge(bridge);
}

export class Attachments {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async all(): Promise<ReadonlyMap<string, readonly AttachedCard[]>> {
    const names = await readdir(this.#directory).catch(() => [] as string[]);
    const ids = names.map((name) => /^([0-9a-f]{8})\.json$/.exec(name)?.[1]).filter((id): id is string => id !== undefined).toSorted();
    // Small, and read every few seconds as long as anything runs: the way through a thread and back costs ten times what reading does.
    return new Map(ids.map((id) => [id, JSON.parse(readFileSync(this.#path(id), 'utf8')) as AttachedCard[]]));
  }

  /** Of all machines. */
  async cards(): Promise<readonly AttachedCard[]> {
    return [...(await this.all()).values()].flat();
  }

  async put(id: string, cards: readonly AttachedCard[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await writeWhole(this.#path(id), JSON.stringify(cards));
  }

  async has(id: string): Promise<boolean> {
    return await stat(this.#path(id)).then(() => true, () => false);
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
