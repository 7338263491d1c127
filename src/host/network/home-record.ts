/** Keeps what a home remembers of its network, and says what follows from it: its key and subnet are drawn once, and stay. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { homeNetwork, type HomeNetwork } from '../../core/network/home-network.ts';
import { writeWhole } from '../write-whole.ts';
import { hasIpv6, type Switched } from './forwarding.ts';
import { homeKey, readRecord, type NetworkRecord } from './record.ts';
import { freeSubnet } from './subnets.ts';

export const NOT_SWITCHED: Switched = { ipv4: false, ipv6: false };

export class HomeRecord {
  readonly #home: string;
  readonly #directory: string;
  readonly #path: string;
  #key: string;
  #network: HomeNetwork | undefined;

  constructor(home: string, directory: string) {
    this.#home = home;
    this.#directory = directory;
    this.#path = join(directory, 'network.json');
    this.#key = homeKey(this.#path, home);
  }

  /** All names on the host are made of it. */
  get key(): string {
    return this.#key;
  }

  /** Its names alone, for which nothing need be chosen. */
  get names(): Pick<HomeNetwork, 'bridge' | 'tapPrefix' | 'foreignTapPrefix'> {
    return homeNetwork(this.#key, '', false);
  }

  /** @returns undefined where there is none yet, or none that can be read */
  async read(): Promise<NetworkRecord | undefined> {
    return await readRecord(this.#path);
  }

  /** What this home has; chosen and written down where it has nothing. @throws machine-failed when no subnet is left */
  async network(): Promise<HomeNetwork> {
    if (this.#network) return this.#network;
    const record = await this.read();
    // Its addresses are recorded: they stay, also in a copy and where it was moved to.
    if (record === undefined) await this.#write({ subnet: await freeSubnet(this.#key, this.names.bridge) });
    else if (record.home !== this.#home) await this.#write({ ...record, home: this.#home, key: this.#key });
    else this.#key = record.key;
    this.#network = homeNetwork(this.#key, (await this.read())?.subnet ?? '', await hasIpv6());
    return this.#network;
  }

  /** @throws machine-failed when no subnet is left */
  async remember(change: Partial<NetworkRecord>): Promise<void> {
    const { subnet } = await this.network();
    await this.#write({ subnet, ...await this.read(), ...change });
  }

  async #write(record: Pick<NetworkRecord, 'subnet'> & Partial<NetworkRecord>): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o711 });
    await writeWhole(this.#path, JSON.stringify({
      version: 1, key: this.#key, home: this.#home, workedIn: null, switched: NOT_SWITCHED, told: null, ...record,
    } satisfies NetworkRecord));
  }
}
