/** Networks that Holdfast has made on this host: remembered in a file, made again where they are missing. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, HoldfastError } from '../../core/errors.ts';
import { closedRules, hostOn, planNetwork, rulesRemoval, type OwnNetwork } from '../../core/network/own-networks.ts';
import { shapeOf } from '../../core/network/ruleset-shape.ts';
import { isLookedAfter, type AttachedCard } from './attachments.ts';
import { guardLink } from './forwarding.ts';
import { hostLinks, usedNetworks } from './links.ts';
import { isLoose, offItsBridge, type Tell } from './missing.ts';
import { writeWhole } from '../write-whole.ts';
import { ip, nftFamilies, nftLoad, nftTable } from './tools.ts';
import { ensureTap, removeLink } from './bridge.ts';

export class OwnNetworks {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async all(): Promise<readonly OwnNetwork[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => undefined);
    return text === undefined ? [] : (JSON.parse(text) as { readonly networks: readonly OwnNetwork[] }).networks;
  }

  /**
   * Remembered first: what is remembered is made again, what is not is never found again.
   * @param key  the home's  @throws bad-argument, not-supported, tool-missing, machine-failed
   */
  async create(name: string, subnet: string | undefined, key: string): Promise<OwnNetwork> {
    const existing = await this.all();
    const network = planNetwork(name, subnet, key, existing, (await hostLinks()).map((link) => link.name), await usedNetworks([]));
    await this.#write([...existing, network]);
    await this.#ensure(network);
    return network;
  }

  /** @throws not-found */
  async delete(name: string): Promise<void> {
    const existing = await this.all();
    const network = existing.find((each) => each.name === name);
    if (network === undefined) throw fail('not-found', `there is no network ${name} of Holdfast's`, { hint: 'see which there are: holdfast networks' });
    await removeLink(network.bridge);
    if ((await nftFamilies(network.table)).has('inet')) await this.#load(network, rulesRemoval(network));
    await this.#write(existing.filter((each) => each !== network));
  }

  /** Those that cards are on are there, also after a restart of the host. @returns the cards, each with its bridge on the host */
  async onBridges(cards: readonly AttachedCard[]): Promise<AttachedCard[]> {
    const used = (await this.all()).filter(({ name }) => cards.some(({ bridge }) => bridge === name));
    // Each once, and one after the other, however many of the cards are on it: what is being made would be made twice.
    for (const network of used) await this.#ensure(network);
    return cards.map((card) => ({ ...card, bridge: used.find(({ name }) => name === card.bridge)?.bridge ?? card.bridge }));
  }

  /**
   * Puts back what is missing of those that cards are on, while machines run there; one that cannot be put back keeps no other from it.
   * @param cards  those that are attached  @param tell  of each that lacked something
   * @returns whether nothing is missing any more  @throws the signal's reason
   */
  async repair(cards: readonly AttachedCard[], signal: AbortSignal, tell: Tell): Promise<boolean> {
    const closed = cards.filter((card) => card.bridge !== null && isLookedAfter(card));
    let isWhole = true;
    for (const network of closed.length === 0 ? [] : await this.all()) {
      const here = closed.filter(({ bridge }) => bridge === network.bridge);
      if (here.length === 0) continue;
      signal.throwIfAborted();
      try {
        const missing = [...await this.#ensure(network), ...await putBackOn(network, here)];
        if (missing.length > 0) tell(`network-repaired ${network.name} ${missing.join()}`, `the network ${network.name} lacked ${missing.join(', ')}, and was repaired`);
      } catch (error) {
        isWhole = false;
        tell(`network-broken ${network.name}`, `the network ${network.name} cannot be repaired: ${error instanceof Error ? error.message : String(error)}`,
          `${error instanceof HoldfastError && error.hint ? `${error.hint}; ` : ''}it is tried again, less and less often`);
      }
    }
    return isWhole;
  }

  /** Only what is missing is made. @returns what that was, in words for the log */
  async #ensure(network: OwnNetwork): Promise<readonly string[]> {
    const { bridge, table } = network;
    const missing: string[] = [];
    const rules = closedRules(network);
    // A chain that somebody has emptied lets everything pass.
    if (shapeOf(await nftTable('inet', table)).join() !== shapeOf(rules).join()) {
      await this.#load(network, rules);
      missing.push('its firewall rules');
    }
    const link = (await hostLinks()).find(({ name }) => name === bridge);
    if (link === undefined) await ip('link', 'add', 'name', bridge, 'type', 'bridge');
    if (!link?.up) {
      await guardLink(bridge);
      await ip('link', 'set', 'dev', bridge, 'up');
      missing.push('its bridge');
    }
    const address = hostOn(network);
    if (address !== null && !link?.addresses.includes(address)) {
      await ip('address', 'replace', address, 'dev', bridge);
      if (link?.up) missing.push('its bridge\'s address');
    }
    return missing;
  }

  async #load({ table }: OwnNetwork, rules: string): Promise<void> {
    const path = join(dirname(this.#path), `${table}.nft`);
    await writeWhole(path, rules);
    try {
      await nftLoad(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  async #write(networks: readonly OwnNetwork[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o711 });
    await writeWhole(this.#path, JSON.stringify({ version: 1, networks }));
  }
}

/** Taps outlive the bridge that they were on. @returns those that were off it, in words for the log */
async function putBackOn({ bridge }: OwnNetwork, cards: readonly AttachedCard[]): Promise<readonly string[]> {
  const links = await hostLinks();
  const loose = cards.filter((card) => isLoose(card, bridge, links));
  for (const { tap } of loose) await ensureTap(tap, 0, bridge);
  return loose.map(offItsBridge);
}
