/** Networks that Holdfast has made on this host: remembered in a file, made again where they are missing. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../../core/errors.ts';
import { closedRules, hostOn, planNetwork, rulesRemoval, type OwnNetwork } from '../../core/network/own-networks.ts';
import type { AttachedCard } from './attachments.ts';
import { guardLink } from './forwarding.ts';
import { hostLinks, usedNetworks } from './links.ts';
import { writeWhole } from '../write-whole.ts';
import { ip, nftFamilies, nftLoad } from './tools.ts';
import { removeLink } from './bridge.ts';

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

  /** Only what is missing is made. */
  async #ensure(network: OwnNetwork): Promise<void> {
    const { bridge, table } = network;
    if (!(await nftFamilies(table)).has('inet')) await this.#load(network, closedRules(network));
    const link = (await hostLinks()).find(({ name }) => name === bridge);
    if (link === undefined) await ip('link', 'add', 'name', bridge, 'type', 'bridge');
    if (!link?.up) {
      await guardLink(bridge);
      await ip('link', 'set', 'dev', bridge, 'up');
    }
    const address = hostOn(network);
    if (address !== null && !link?.addresses.includes(address)) await ip('address', 'replace', address, 'dev', bridge);
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
