/**
 * The networks of one home on this host: each zone's is up while a machine has a card on it, and gone without a trace with
 * the last one. What is done to them is done one at a time.
 */
import { join } from 'node:path';
import { fail, HoldfastError } from '../../core/errors.ts';
import type { InstanceSpec } from '../../core/instance.ts';
import { droppingChains, type DroppingChain } from '../../core/network/dropping-chains.ts';
import { networkOf, tapName, type ZoneNetwork } from '../../core/network/home-network.ts';
import { parseIpv4Network } from '../../core/network/ipv4.ts';
import type { OwnNetwork } from '../../core/network/own-networks.ts';
import type { Probe } from '../../core/network/probe.ts';
import { oneAtATime } from '../../core/one-at-a-time.ts';
import type { ZoneName } from '../../core/zones.ts';
import { hostBootId } from '../process/identity.ts';
import { Attachments, bridgeOf, cardsOf, ownCards, type AttachedCard } from './attachments.ts';
import { obstacle } from './availability.ts';
import { bridgeable, type HostNetworkEntry, type KindOf } from './bridgeable.ts';
import { ensureTap, homeTaps, removeLink } from './bridge.ts';
import { EthernetBridges } from './ethernet/ethernet-bridges.ts';
import { HomeBridges } from './home-bridges.ts';
import { HomeRecord } from './home-record.ts';
import { hostLinks, usedNetworks } from './links.ts';
import { OwnNetworks } from './own-networks.ts';
import { hostReaches, probeFromHost, type ProbeLimits } from './probe.ts';
import { nftTable, tryRun } from './tools.ts';
import { Watch } from './watch.ts';

export interface HostNetworkOptions {
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

export interface AttachRequest {
  readonly id: string;
  readonly name: string;
  /** Whom its machine runs as. */
  readonly uid: number;
  readonly spec: InstanceSpec;
}

export class HostNetwork implements AsyncDisposable {
  readonly #options: HostNetworkOptions;
  readonly #record: HomeRecord;
  readonly #attachments: Attachments;
  readonly #bridges: HomeBridges;
  readonly #own: OwnNetworks;
  readonly ethernets: EthernetBridges;
  readonly #watch: Watch;
  /** Which run a machine is attached for, so that the end of an earlier run takes nothing from a later one. */
  readonly #runs = new Map<string, number>();
  #lastRun = 0;
  readonly #inTurn = oneAtATime();
  #repairing = new AbortController();

  constructor(options: HostNetworkOptions) {
    const { home, directory } = options;
    this.#options = options;
    this.#record = new HomeRecord(home, directory);
    this.#attachments = new Attachments(join(directory, 'machines'));
    this.#bridges = new HomeBridges(directory, this.#record, this.#attachments, options.dnsmasq ?? 'dnsmasq');
    this.#own = new OwnNetworks(join(directory, 'networks.json'));
    this.ethernets = new EthernetBridges({ directory: join(directory, 'ethernets'), key: () => this.#record.key, guardScript: options.guardScript, log: options.log });
    this.#watch = new Watch({ isServed: () => this.#bridges.isServed(), repair: () => this.#repair() });
  }

  /** @returns why there can be none here, with what to do about it; undefined when it is up or has been in this boot of the host */
  async whyNot(): Promise<string | undefined> {
    const why = await obstacle(this.#options.home);
    if (why !== undefined) return why;
    const record = await this.#record.read();
    if (record?.workedIn !== null && record?.workedIn === await hostBootId()) return undefined;
    try {
      await this.#inTurn(async () => {
        await this.#orTakeBack(() => this.#up());
        await this.#downIfUnused();
      });
      return undefined;
    } catch (error) {
      return error instanceof HoldfastError && error.hint ? `${error.message}; ${error.hint}` : error instanceof Error ? error.message : String(error);
    }
  }

  /** A table that names a bridge of the home is taken to let it pass; iptables of before nftables cannot be seen. */
  async droppedBy(): Promise<readonly DroppingChain[]> {
    const dropping = droppingChains(await tryRun('nft', ['list', 'chains']) ?? '');
    const rules = await Promise.all(dropping.map(({ family, table }) => nftTable(family, table)));
    return dropping.filter((_, index) => !rules[index]?.includes('"hf-'));
  }

  /** Of a zone, chosen once. @throws machine-failed when there is none left */
  async subnet(zone: ZoneName): Promise<string> {
    // A launch does not wait for what is being done for others.
    return await this.#record.recordedSubnet(zone) ?? await this.#inTurn(() => this.#record.subnet(zone));
  }

  async layout(address: string): Promise<Pick<ZoneNetwork, 'subnet' | 'prefix6'> | undefined> {
    return networkOf(await this.#inTurn(() => this.#record.network()), address);
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
    await this.change(request);
    return async () => {
      if (this.#runs.get(id) === run) await this.detach(id);
    };
  }

  /** The same for a machine that is attached already, and has other cards now. */
  async change({ id, name, uid, spec }: AttachRequest): Promise<void> {
    for (const { network } of spec.cards ?? []) if (network !== null) await this.ethernets.ensure(network);
    await this.#beforeRepairs(async () => {
      const network = await this.#record.network();
      const cards = await this.#own.onBridges(cardsOf(this.#record.names, id, name, spec));
      const links = await hostLinks();
      const missing = cards.find(({ bridge }) => bridge !== null && !links.some((link) => link.name === bridge && link.kind === 'bridge'));
      if (missing) throw fail('link-missing', `the bridge ${missing.bridge ?? ''}, on which ${name} has a card, does not exist`, { hint: `make it, or take the card away: holdfast net detach ${name} ${missing.mac}` });
      const before = (await this.#attachments.all()).get(id);
      await this.#orTakeBack(async () => {
        await this.#attachments.put(id, cards);
        if (cards.some(({ bridge }) => bridge === null)) await this.#up();
        for (const card of cards) await ensureTap(card.tap, uid, bridgeOf(network, card));
        await this.#removeTaps(id, cards);
      }, async () => {
        // What cannot be had is not remembered: a zone whose subnet is taken would keep every other from coming up.
        if (before === undefined) await this.#attachments.remove(id);
        else await this.#attachments.put(id, before);
        await this.#removeTaps(id, before ?? []);
      });
    });
  }

  /** Of a machine, those that no card of it is on. */
  async #removeTaps(id: string, cards: readonly AttachedCard[]): Promise<void> {
    for (const tap of await this.#taps()) if (tap.id === id && !cards.some((card) => card.tap === tap.name)) await removeLink(tap.name);
  }

  /** What an attempt that failed has made goes again; its own failure is what counts, also where not all of it goes. */
  async #orTakeBack(attempt: () => Promise<void>, back?: () => Promise<void>): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      try {
        await back?.();
        await this.#settle();
      } catch (left) {
        this.#options.log('network-left', `of a network that did not come up not everything could be taken away: ${left instanceof Error ? left.message : String(left)}`, 'the next daemon does it');
      }
      throw error;
    }
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
    await this.#beforeRepairs(async () => {
      if (await this.#attachments.has(id)) await this.#release([id]);
    });
  }

  /** What ended while no daemon was watching. @param lives  machines that run, or may */
  async tidy(lives: (id: string) => boolean): Promise<void> {
    await this.ethernets.recover();
    if (await obstacle(this.#options.home) !== undefined || await this.#record.read() === undefined) return;
    await this.#inTurn(async () => {
      // The key that names are made of is the record's.
      await this.#record.network();
      const ids = new Set([...(await this.#attachments.all()).keys(), ...(await this.#taps()).map(({ id }) => id)]);
      const gone = [...ids].filter((id) => !lives(id) && !this.#runs.has(id));
      if (gone.length < ids.size) this.#watch.start();
      await this.#release(gone);
    });
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
    this.#watch.stop();
    this.#repairing.abort();
    await this.#inTurn(() => Promise.resolve());
    this.#watch.stop();
  }

  async #release(ids: readonly string[]): Promise<void> {
    await this.#record.network();
    const taps = await this.#taps();
    for (const { name } of taps.filter(({ id }) => ids.includes(id))) await removeLink(name);
    for (const id of ids) await this.#attachments.remove(id);
    if (ids.length > 0) await this.#settle();
    else await this.#downIfUnused();
  }

  async #taps(): Promise<{ name: string; id: string }[]> {
    return await homeTaps(this.#record.names, this.#record.bridges);
  }

  async #up(): Promise<void> {
    await this.#bridges.up();
    this.#watch.start();
  }

  /** After there were more cards. */
  async #settle(): Promise<void> {
    if (!(await this.#downIfUnused())) await this.#bridges.shrink();
  }

  async #downIfUnused(): Promise<boolean> {
    if ((await this.#attachments.cards()).some(({ bridge }) => bridge === null)) return false;
    this.#watch.stop();
    await this.#bridges.down();
    return true;
  }

  /** Nobody asked for it, so nobody is told but the log, and whoever asks for something goes before it. @returns whether nothing is missing, or nothing could be said about it */
  async #repair(): Promise<boolean> {
    const { signal } = this.#repairing = new AbortController();
    try {
      await this.#inTurn(async () => {
        if (!this.#watch.isOn || signal.aborted) return;
        // Nobody has a card on it: what is missing is missing rightly.
        if (ownCards(await this.#attachments.cards()).length === 0) return this.#watch.stop();
        const missing = await this.#bridges.repair(signal);
        if (missing.length > 0) this.#options.log(`network-repaired ${missing.join()}`, `the network of this home lacked ${missing.join(', ')}, and was repaired`);
      });
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      this.#options.log('network-broken', `the network of this home cannot be repaired: ${error instanceof Error ? error.message : String(error)}`, 'it is tried again, less and less often; what is wrong with it: holdfast doctor');
      return false;
    }
  }

  #beforeRepairs<T>(work: () => Promise<T>): Promise<T> {
    this.#repairing.abort();
    return this.#inTurn(work);
  }
}
