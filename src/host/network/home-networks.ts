/**
 * The networks of one home on this host: each zone's is up while a machine has a card on it, and gone without a trace with
 * the last one. What is done to them is done one at a time.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, HoldfastError } from '../../core/errors.ts';
import type { DroppingChain } from '../../core/network/dropping-chains.ts';
import { networkOf, tapName, type ZoneNetwork } from '../../core/network/home-network.ts';
import { parseIpv4Network } from '../../core/network/ipv4.ts';
import type { OwnNetwork } from '../../core/network/own-networks.ts';
import type { Probe } from '../../core/network/probe.ts';
import { oneAtATime } from '../../core/one-at-a-time.ts';
import { untilDone } from '../../core/retry/until-done.ts';
import type { ZoneName } from '../../core/zones.ts';
import { hostBootId } from '../process/identity.ts';
import { Attachments } from './attachments.ts';
import { obstacle } from './availability.ts';
import { bridgeable, type HostNetworkEntry, type KindOf } from './bridgeable.ts';
import { droppedBy } from './dropped-by.ts';
import { EthernetBridges } from './ethernet/ethernet-bridges.ts';
import { HomeBridges } from './home-bridges.ts';
import { HomeCards, type AttachRequest } from './home-cards.ts';
import { HomeRecord } from './home-record.ts';
import { usedNetworks } from './links.ts';
import { OwnNetworks } from './own-networks.ts';
import { hostReaches, probeFromHost, type ProbeLimits } from './probe.ts';
import { Repairs } from './repairs.ts';
import type { NetworkTrouble } from './trouble.ts';

export interface HomeNetworksOptions {
  readonly home: string;
  readonly directory: string;
  readonly log: (cause: string, message: string, remedy?: string) => void;
  /** The bundled program that undoes a bridge of the host's half made, if the daemon dies over it. */
  readonly guardScript?: string;
  /** What counts as an ethernet of the host: a test has others than hardware. */
  readonly kindOf?: KindOf;
  /** In the place of dnsmasq: a test has one that does not come up. */
  readonly dnsmasq?: string;
}

/** Of what is to be taken away and cannot be now. */
const RELEASE_BACKOFF = { firstMs: 2_000, capMs: 60_000 };

export class HomeNetworks implements AsyncDisposable {
  readonly #options: HomeNetworksOptions;
  readonly #record: HomeRecord;
  readonly #own: OwnNetworks;
  readonly #repairs: Repairs;
  readonly #cards: HomeCards;
  readonly ethernets: EthernetBridges;
  /** Which run a machine is attached for, so that the end of an earlier run takes nothing from a later one. */
  readonly #runs = new Map<string, number>();
  #lastRun = 0;
  readonly #inTurn = oneAtATime();
  readonly #end = new AbortController();

  constructor(options: HomeNetworksOptions) {
    const { home, directory, log, guardScript, dnsmasq = 'dnsmasq' } = options;
    this.#options = options;
    const record = this.#record = new HomeRecord(home, directory);
    const attachments = new Attachments(join(directory, 'machines'));
    const own = this.#own = new OwnNetworks(join(directory, 'networks.json'));
    const bridges = new HomeBridges(directory, record, attachments, dnsmasq);
    const repairs = this.#repairs = new Repairs({ attachments, bridges, own, inTurn: this.#inTurn, log });
    this.#cards = new HomeCards({ record, attachments, bridges, own, repairs, log });
    this.ethernets = new EthernetBridges({ directory: join(directory, 'ethernets'), key: () => record.key, guardScript, log });
  }

  /** @returns why there can be none here, with what to do about it; undefined when it is up or has been in this boot of the host */
  async whyNot(): Promise<string | undefined> {
    const why = await obstacle(this.#options.home);
    if (why !== undefined) return why;
    const record = await this.#record.read();
    if (record?.workedIn !== null && record?.workedIn === await hostBootId()) return undefined;
    try {
      await this.#inTurn(() => this.#cards.tryOut());
      return undefined;
    } catch (error) {
      return error instanceof HoldfastError && error.hint ? `${error.message}; ${error.hint}` : error instanceof Error ? error.message : String(error);
    }
  }

  /** Beside `whyNot`, which goes by what has worked: a passing trouble moves no new instance to another network than its siblings are on. */
  async trouble(addresses?: readonly string[]): Promise<NetworkTrouble | undefined> {
    return await this.#repairs.trouble(addresses);
  }

  async droppedBy(): Promise<readonly DroppingChain[]> {
    return await droppedBy();
  }

  /** Of a zone, chosen once. @throws machine-failed when there is none left */
  async subnet(zone: ZoneName): Promise<string> {
    // A launch does not wait for what is being done for others.
    return await this.#record.recordedSubnet(zone) ?? await this.#inTurn(() => this.#record.subnet(zone));
  }

  async layout(address: string): Promise<Pick<ZoneNetwork, 'subnet' | 'prefix6'> | undefined> {
    return networkOf(await this.#inTurn(() => this.#record.network()), address);
  }

  async bridgeAt(address: string): Promise<string | undefined> {
    return await this.#record.bridgeAt(address);
  }

  async hostSubnets(): Promise<string[]> {
    return process.platform === 'linux' ? (await usedNetworks(this.#record.bridges)).filter((each) => parseIpv4Network(each) !== undefined) : [];
  }

  async reaches(address: string, mac: string, limits: ProbeLimits): Promise<boolean> {
    return await hostReaches(address, mac, limits);
  }

  async probe(probe: Probe, limits: ProbeLimits): Promise<string | undefined> {
    return await probeFromHost(probe, limits);
  }

  get bridge(): string {
    return this.#record.bridges[0] ?? '';
  }

  async bridgeable(): Promise<HostNetworkEntry[]> {
    return process.platform === 'linux' ? await bridgeable(this.#options.kindOf) : [];
  }

  plugOf(id: string, slot: number, network: string | null): { readonly kind: 'tap'; readonly name: string } {
    const { tapPrefix, foreignTapPrefix } = this.#record.names;
    return { kind: 'tap', name: tapName(network === null ? tapPrefix : foreignTapPrefix, id, slot) };
  }

  /**
   * Makes what the cards of a machine that is about to start need, and takes away the taps of those it has no more.
   * @returns what releases it when this run of the machine has ended  @throws link-missing, tool-missing, machine-failed
   */
  async attach(request: AttachRequest): Promise<() => Promise<void>> {
    const { id } = request;
    this.#lastRun += 1;
    const run = this.#lastRun;
    this.#runs.set(id, run);
    if (await this.#cards.concern(request)) await this.#make(request, () => true);
    return async () => {
      if (this.#runs.get(id) === run) await this.#release(request);
    };
  }

  /** The same for a machine that is attached already, and has other cards now. @throws also machine-failed where it has ended */
  async change(request: AttachRequest): Promise<void> {
    await this.#make(request, () => this.#runs.has(request.id));
  }

  async #make(request: AttachRequest, runs: () => boolean): Promise<void> {
    for (const { network } of request.spec.cards ?? []) if (network !== null) await this.ethernets.ensure(network);
    await this.#repairs.before(async () => {
      // What is made for it now nobody would release.
      if (!runs()) throw fail('machine-failed', `${request.name} has ended, so nothing is made for its cards`);
      await this.#cards.change(request);
    });
  }

  async ownNetworks(): Promise<readonly OwnNetwork[]> {
    return await this.#own.all();
  }

  /** @throws bad-argument, not-supported, tool-missing, machine-failed */
  async createNetwork(name: string, subnet: string | undefined): Promise<OwnNetwork> {
    return await this.#inTurn(async () => {
      const why = await obstacle(this.#options.home);
      if (why !== undefined) throw fail('not-supported', `networks cannot be made here: ${why}`);
      // The key that their names are made of is written down.
      await this.#record.network();
      return await this.#own.create(name, subnet, this.#record.key);
    });
  }

  /** @throws not-found */
  async deleteNetwork(name: string): Promise<void> {
    await this.#inTurn(() => this.#own.delete(name));
  }

  /** The machine has ended, or is not to have anything any more. */
  async detach(id: string): Promise<void> {
    this.#runs.delete(id);
    await this.#repairs.before(() => this.#cards.detach(id));
  }

  /** Nobody waits for it, so it is tried until it is done, or the next daemon's to do. A later run of the machine needs what is left. */
  async #release({ id, name }: AttachRequest): Promise<void> {
    const failed = (error: unknown): void => this.#options.log(`network-left ${id}`, `${name} has ended, and what its cards were plugged into could not be taken away: ${error instanceof Error ? error.message : String(error)}`, 'it is tried again');
    this.#runs.delete(id);
    const { signal } = this.#end;
    await untilDone(() => this.#repairs.before(async () => {
      if (!this.#runs.has(id)) await this.#cards.detach(id);
    }), { failed, backoff: RELEASE_BACKOFF, random: Math.random, isOver: () => signal.aborted, pause: (ms) => sleep(ms, undefined, { signal, ref: false }).catch(() => {}) });
  }

  /** What ended while no daemon was watching. @param lives  machines that run, or may */
  async tidy(lives: (id: string) => boolean): Promise<void> {
    await this.ethernets.recover();
    if (await obstacle(this.#options.home) !== undefined || await this.#record.read() === undefined) return;
    await this.#inTurn(() => this.#cards.tidy((id) => lives(id) || this.#runs.has(id)));
  }

  /** Why instances are on the user network, once for each reason. @returns whether it is news */
  async tellOnce(reason: string): Promise<boolean> {
    return await this.#inTurn(async () => {
      if ((await this.#record.read())?.told === reason) return false;
      await this.#record.remember({ told: reason });
      return true;
    });
  }

  /** Lets go of it: the network stays as it is, and is another daemon's to look after. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#repairs[Symbol.asyncDispose]();
  }
}
