/** Networks that Holdfast has made on this host: remembered in a file, made again where they are missing. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { closedRules, hostOn, rulesRemoval, type OwnNetwork } from '../../core/network/own-networks.ts';
import { guardLink } from './forwarding.ts';
import { addressesOf, hostLinks } from './links.ts';
import { writeWhole } from '../write-whole.ts';
import { ip, nftHas, nftLoad } from './tools.ts';
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

  /** Remembered first: what is remembered is made again, what is not is never found again. */
  async add(network: OwnNetwork): Promise<void> {
    await this.#write([...await this.all(), network]);
    await this.ensure(network);
  }

  async remove(network: OwnNetwork): Promise<void> {
    await removeLink(network.bridge);
    if (await nftHas('inet', network.table)) await this.#load(network, rulesRemoval(network));
    await this.#write((await this.all()).filter(({ name }) => name !== network.name));
  }

  /** Only what is missing is made. */
  async ensure(network: OwnNetwork): Promise<void> {
    const { bridge, table } = network;
    if (!(await nftHas('inet', table))) await this.#load(network, closedRules(network));
    const link = (await hostLinks()).find(({ name }) => name === bridge);
    if (link === undefined) await ip('link', 'add', 'name', bridge, 'type', 'bridge');
    if (!link?.up) {
      await guardLink(bridge);
      await ip('link', 'set', 'dev', bridge, 'up');
    }
    const address = hostOn(network);
    if (address !== null && !(await addressesOf(bridge)).includes(address)) await ip('address', 'replace', address, 'dev', bridge);
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
