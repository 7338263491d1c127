/** Keeps what a home remembers of its network, and says what follows from it: its key and subnets are drawn once, and stay. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FIRST_ZONE, homeNames, homeNetwork, networkOf, zoneBridge, type HomeNames, type HomeNetwork } from '../../core/network/home-network.ts';
import { ZONES, type ZoneName } from '../../core/zones.ts';
import { hostBootId } from '../process/identity.ts';
import { writeWhole } from '../write-whole.ts';
import { hasIpv6, type Switched } from './forwarding.ts';
import { NOT_SWITCHED } from './forwarding-record.ts';
import { homeKey, readRecord, type NetworkRecord } from './record.ts';
import { freeSubnet } from './subnets.ts';

export class HomeRecord {
  readonly #home: string;
  readonly #directory: string;
  readonly path: string;
  #key: string;
  #network: HomeNetwork | undefined;
  /** Whether the host had IPv6 then. */
  #ipv6 = false;

  constructor(home: string, directory: string) {
    this.#home = home;
    this.#directory = directory;
    this.path = join(directory, 'network.json');
    this.#key = homeKey(this.path, home);
  }

  /** All names on the host are made of it. */
  get key(): string {
    return this.#key;
  }

  /** Its names alone, for which nothing need be chosen. */
  get names(): HomeNames {
    return homeNames(this.#key);
  }

  /** Of all zones, also of those that have no subnet yet; zone1's first. */
  get bridges(): readonly string[] {
    return ZONES.map((zone) => zoneBridge(this.#key, zone));
  }

  /** @returns undefined where there is none yet, or none that can be read */
  async read(): Promise<NetworkRecord | undefined> {
    return await readRecord(this.path);
  }

  /** What this home has: zone1's network at least, which is chosen and written down where there is none. @throws machine-failed when no subnet is left */
  async network(): Promise<HomeNetwork> {
    // It can be switched off and on at any time.
    const ipv6 = await hasIpv6();
    if (this.#network && this.#ipv6 === ipv6) return this.#network;
    const record = await this.read();
    // Its addresses are recorded: they stay, also in a copy and where it was moved to.
    if (record === undefined) await this.#write({ subnet: await freeSubnet(this.#key, this.bridges, []) });
    else if (record.home !== this.#home) await this.#write({ ...record, home: this.#home, key: this.#key });
    else this.#key = record.key;
    const written = await this.read();
    this.#network = homeNetwork(this.#key, { ...written?.zones, [FIRST_ZONE]: written?.subnet ?? '' }, ipv6);
    this.#ipv6 = ipv6;
    return this.#network;
  }

  /** @returns undefined where none has been chosen yet */
  async recordedSubnet(zone: ZoneName): Promise<string | undefined> {
    const record = await this.read();
    return zone === FIRST_ZONE ? record?.subnet : record?.zones?.[zone];
  }

  /** @returns the bridge of the zone whose recorded subnet an address is of */
  async bridgeAt(address: string): Promise<string | undefined> {
    const record = await this.read();
    return record && networkOf(homeNetwork(this.#key, { ...record.zones, [FIRST_ZONE]: record.subnet }, false), address)?.bridge;
  }

  /** Chosen and written down where the zone has none. @throws machine-failed when no subnet is left */
  async subnet(zone: ZoneName): Promise<string> {
    const { zones } = await this.network();
    const there = zones.find((each) => each.zone === zone);
    if (there !== undefined) return there.subnet;
    const subnet = await freeSubnet(this.#key, this.bridges, zones.map((each) => each.subnet));
    await this.remember({ zones: { ...(await this.read())?.zones, [zone]: subnet } });
    this.#network = undefined;
    return subnet;
  }

  /** What an earlier Holdfast has switched on of the host's forwarding for this home since the host was started. */
  async switchedEarlier(): Promise<Switched> {
    const record = await this.read();
    const boot = await hostBootId();
    return boot !== undefined && record?.switchedIn === boot ? record.switched ?? NOT_SWITCHED : NOT_SWITCHED;
  }

  /** It is in the record of all homes by now. */
  async forgetSwitched(): Promise<void> {
    if (typeof (await this.read())?.switchedIn === 'string') await this.remember({ switched: NOT_SWITCHED, switchedIn: null });
  }

  /** @throws machine-failed when no subnet is left */
  async remember(change: Partial<NetworkRecord>): Promise<void> {
    await this.network();
    await this.#write({ subnet: '', ...await this.read(), ...change });
  }

  async #write(record: Pick<NetworkRecord, 'subnet'> & Partial<NetworkRecord>): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o711 });
    await writeWhole(this.path, JSON.stringify({
      version: 1, key: this.#key, home: this.#home, workedIn: null, told: null, ...record,
    } satisfies NetworkRecord));
  }
}
