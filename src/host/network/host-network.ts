/**
 * The network of one home on this host: up while a machine has a card on it, repaired where something went missing, and gone
 * without a trace with the last card. Everything in it can be done again; one thing is done at a time.
 */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { InstanceSpec } from '../../core/instance.ts';
import { chooseSubnet, homeNetwork, tapName, type HomeNetwork } from '../../core/network/home-network.ts';
import { overlap, parseIpv4Network } from '../../core/network/ipv4.ts';
import { planNetwork, type OwnNetwork } from '../../core/network/own-networks.ts';
import type { Probe } from '../../core/network/probe.ts';
import { ruleset, rulesetRemoval } from '../../core/network/ruleset.ts';
import { hostBootId } from '../process/identity.ts';
import { Attachments, cardsOf, ownCards, type AttachedCard } from './attachments.ts';
import { obstacle } from './availability.ts';
import { bridgeable, type HostNetworkEntry } from './bridgeable.ts';
import { ensureBridge, ensureTap, homeTaps, removeLink } from './bridge.ts';
import { Dnsmasq } from './dnsmasq.ts';
import { hasIpv6, switchForwardingOff, switchForwardingOn } from './forwarding.ts';
import { hasDefaultRoute6, hostLinks, usedNetworks } from './links.ts';
import { hostReaches, probeFromHost, type ProbeLimits } from './probe.ts';
import { OwnNetworks } from './own-networks.ts';
import { homeKey, readRecord, type NetworkRecord } from './record.ts';
import { writeWhole } from '../write-whole.ts';
import { nftHas, nftLoad } from './tools.ts';

export interface HostNetworkOptions {
  readonly home: string;
  readonly directory: string;
  readonly log: (cause: string, message: string, remedy?: string) => void;
}

export interface AttachRequest {
  readonly id: string;
  readonly name: string;
  /** Whom its machine runs as. */
  readonly uid: number;
  readonly spec: InstanceSpec;
}

/** dnsmasq is looked at often, since nothing else costs less; links and rules as often as somebody may flush them. */
const [WATCH_MS, REPAIR_MS] = [2_000, 15_000];
const OFF = { ipv4: false, ipv6: false } as const;

export class HostNetwork implements AsyncDisposable {
  readonly #options: HostNetworkOptions;
  #key: string;
  readonly #recordPath: string;
  readonly #attachments: Attachments;
  readonly #own: OwnNetworks;
  /** Which run a machine is attached for, so that the end of an earlier run takes nothing from a later one. */
  readonly #runs = new Map<string, number>();
  #lastRun = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #network: HomeNetwork | undefined;
  #dnsmasq: Dnsmasq | undefined;
  #watch: NodeJS.Timeout | undefined;
  #repairedAt = 0;

  constructor(options: HostNetworkOptions) {
    this.#options = options;
    this.#recordPath = join(options.directory, 'network.json');
    this.#key = homeKey(this.#recordPath, options.home);
    this.#attachments = new Attachments(join(options.directory, 'machines'));
    this.#own = new OwnNetworks(join(options.directory, 'networks.json'));
  }

  /** @returns why there can be none here, with what to do about it; undefined when it is up or has been in this boot of the host */
  async whyNot(): Promise<string | undefined> {
    const why = await obstacle(this.#options.home);
    if (why !== undefined) return why;
    const record = await readRecord(this.#recordPath);
    if (record?.workedIn !== null && record?.workedIn === await hostBootId()) return undefined;
    try {
      await this.#inTurn(async () => {
        await this.#up();
        await this.#downIfUnused();
      });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Of the home, chosen once. @throws machine-failed when there is none left */
  async subnet(): Promise<string> {
    // A launch does not wait for what is being done for others.
    return (await readRecord(this.#recordPath))?.subnet ?? (await this.#inTurn(() => this.#known())).subnet;
  }

  async layout(): Promise<Pick<HomeNetwork, 'subnet' | 'prefix6'>> {
    const { subnet, prefix6 } = await this.#inTurn(() => this.#known());
    return { subnet, prefix6 };
  }

  async hostSubnets(): Promise<string[]> {
    return process.platform === 'linux' ? (await usedNetworks(this.bridge)).filter((each) => parseIpv4Network(each) !== undefined) : [];
  }

  async reaches(address: string, mac: string, limits: ProbeLimits): Promise<boolean> {
    return await hostReaches(address, mac, limits);
  }

  async probe(probe: Probe, limits: ProbeLimits): Promise<string | undefined> {
    return await probeFromHost(probe, limits);
  }

  get bridge(): string {
    return homeNetwork(this.#key, '', false).bridge;
  }

  async bridgeable(): Promise<HostNetworkEntry[]> {
    return process.platform === 'linux' ? await bridgeable() : [];
  }

  plugOf(id: string, slot: number, network: string | null): { readonly kind: 'tap'; readonly name: string } {
    const { tapPrefix, foreignTapPrefix } = homeNetwork(this.#key, '', false);
    return { kind: 'tap', name: tapName(network === null ? tapPrefix : foreignTapPrefix, id, slot) };
  }

  /**
   * Makes what the cards of a machine that is about to start need, and takes away the taps of those it has no more.
   * @returns what releases it when this run of the machine has ended  @throws tool-missing, machine-failed
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
    await this.#inTurn(async () => {
      const network = await this.#known();
      const cards = await this.#onBridges(cardsOf(network, id, name, spec));
      const links = await hostLinks();
      const missing = cards.find(({ bridge }) => bridge !== null && !links.some((link) => link.name === bridge && link.kind === 'bridge'));
      if (missing) throw fail('machine-failed', `the bridge ${missing.bridge ?? ''}, on which ${name} has a card, does not exist`, { hint: `make it, or take the card away: holdfast net detach ${name} ${missing.mac}` });
      await this.#attachments.put(id, cards);
      const own = cards.some(({ bridge }) => bridge === null);
      if (own) await this.#up();
      for (const { tap, bridge } of cards) await ensureTap(tap, uid, bridge ?? network.bridge);
      for (const tap of await homeTaps(network)) if (tap.id === id && !cards.some((card) => card.tap === tap.name)) await removeLink(tap.name);
    });
  }

  /** Networks of our own are there, also after a restart of the host; cards on them are on their bridges. */
  async #onBridges(cards: readonly AttachedCard[]): Promise<AttachedCard[]> {
    const own = await this.#own.all();
    return await Promise.all(cards.map(async (card) => {
      const network = own.find(({ name }) => name === card.bridge);
      if (network === undefined) return card;
      await this.#own.ensure(network);
      return { ...card, bridge: network.bridge };
    }));
  }

  async ownNetworks(): Promise<readonly OwnNetwork[]> {
    return await this.#own.all();
  }

  /** @throws bad-argument, not-supported, tool-missing, machine-failed */
  async createNetwork(name: string, subnet: string | undefined): Promise<OwnNetwork> {
    return await this.#inTurn(async () => {
      const why = await obstacle(this.#options.home);
      if (why !== undefined) throw fail('not-supported', `networks cannot be made here: ${why}`);
      await this.#known();
      const network = planNetwork(name, subnet, this.#key, await this.#own.all(), (await hostLinks()).map((link) => link.name), await usedNetworks(''));
      await this.#own.add(network);
      return network;
    });
  }

  /** @throws not-found */
  async deleteNetwork(name: string): Promise<void> {
    await this.#inTurn(async () => {
      const network = (await this.#own.all()).find((each) => each.name === name);
      if (network === undefined) throw fail('not-found', `there is no network ${name} of Holdfast's`, { hint: 'see which there are: holdfast networks' });
      await this.#own.remove(network);
    });
  }

  /** The machine has ended, or is not to have anything any more. */
  async detach(id: string): Promise<void> {
    this.#runs.delete(id);
    await this.#inTurn(async () => {
      if (await this.#attachments.has(id)) await this.#release([id]);
    });
  }

  /** What ended while no daemon was watching. @param lives  machines that run, or may */
  async tidy(lives: (id: string) => boolean): Promise<void> {
    if (await obstacle(this.#options.home) !== undefined || await readRecord(this.#recordPath) === undefined) return;
    await this.#inTurn(async () => {
      const network = await this.#known();
      const ids = new Set([...(await this.#attachments.all()).keys(), ...(await homeTaps(network)).map(({ id }) => id)]);
      const gone = [...ids].filter((id) => !lives(id) && !this.#runs.has(id));
      if (gone.length < ids.size) this.#watchOver();
      await this.#release(gone);
    });
  }

  /** Why instances are on the user network, once for each reason. @returns whether it is news */
  async tellOnce(reason: string): Promise<boolean> {
    return await this.#inTurn(async () => {
      const record = await readRecord(this.#recordPath);
      if (record?.told === reason) return false;
      await this.#remember({ told: reason });
      return true;
    });
  }

  /** Lets go of it: the network stays as it is, and is another daemon's to look after. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watchNoMore();
    await this.#queue;
    this.#watchNoMore();
  }

  async #release(ids: readonly string[]): Promise<void> {
    const network = await this.#known();
    const taps = await homeTaps(network);
    for (const { name } of taps.filter(({ id }) => ids.includes(id))) await removeLink(name);
    for (const id of ids) await this.#attachments.remove(id);
    if (!(await this.#downIfUnused()) && ids.length > 0) await this.#up();
  }

  async #downIfUnused(): Promise<boolean> {
    const cards = [...(await this.#attachments.all()).values()].flat();
    if (cards.some(({ bridge }) => bridge === null)) return false;
    await this.#down();
    return true;
  }

  async #up(): Promise<void> {
    const network = await this.#known();
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true });
    // dnsmasq, under a user of its own, reads its lists again when they change.
    await chmod(directory, 0o711);
    await this.#requireFreeSubnet(network);
    const cards = ownCards([...(await this.#attachments.all()).values()].flat());
    // The rules first: no card speaks without them.
    await this.#loadRules(ruleset(network, cards));
    await ensureBridge(network);
    const switched = await switchForwardingOn(network.prefix6 !== null && await hasDefaultRoute6());
    const before = (await readRecord(this.#recordPath))?.switched ?? OFF;
    await this.#remember({ workedIn: await hostBootId() ?? null, told: null, switched: { ipv4: before.ipv4 || switched.ipv4, ipv6: before.ipv6 || switched.ipv6 } });
    this.#dnsmasq ??= new Dnsmasq(network, directory);
    await this.#dnsmasq.serve(cards);
    this.#watchOver();
  }

  async #down(): Promise<void> {
    const network = await this.#known();
    this.#watchNoMore();
    this.#dnsmasq ??= new Dnsmasq(network, this.#options.directory);
    await this.#dnsmasq.stop();
    this.#dnsmasq = undefined;
    await removeLink(network.bridge);
    if (await nftHas('inet', network.table) || await nftHas('bridge', network.table)) await this.#loadRules(rulesetRemoval(network));
    const record = await readRecord(this.#recordPath);
    // Other homes, and whoever else has bridges, may need it.
    if (record !== undefined && !(await hostLinks()).some(({ kind }) => kind === 'bridge')) await switchForwardingOff(record.switched);
    if (record !== undefined) await this.#remember({ switched: OFF });
    // Machines may have cards on bridges of the host's still.
    const kept = (await this.#attachments.all()).size > 0 ? ['network.json', 'networks.json', 'machines'] : ['network.json', 'networks.json'];
    for (const name of await readdir(this.#options.directory).catch(() => [] as string[])) {
      if (!kept.includes(name)) await rm(join(this.#options.directory, name), { recursive: true, force: true });
    }
  }

  async #loadRules(text: string): Promise<void> {
    const path = join(this.#options.directory, 'rules.nft');
    await mkdir(this.#options.directory, { recursive: true, mode: 0o711 });
    await writeWhole(path, text);
    await nftLoad(path);
  }

  /** What this home has, from its record; chosen and written down where it has none. */
  async #known(): Promise<HomeNetwork> {
    if (this.#network) return this.#network;
    const record = await readRecord(this.#recordPath);
    const { home } = this.#options;
    // Its addresses are recorded: they stay, also in a copy and where it was moved to.
    if (record === undefined) await this.#write({ subnet: await this.#choose() });
    else if (record.home !== home) await this.#write({ ...record, home, key: this.#key });
    else this.#key = record.key;
    this.#network = homeNetwork(this.#key, (await readRecord(this.#recordPath))?.subnet ?? '', await hasIpv6());
    return this.#network;
  }

  async #choose(): Promise<string> {
    const subnet = chooseSubnet(this.#key, await usedNetworks(this.bridge));
    if (subnet === undefined) throw fail('machine-failed', 'this host uses every private network that instances could have');
    return subnet;
  }

  async #write(record: Pick<NetworkRecord, 'subnet'> & Partial<NetworkRecord>): Promise<void> {
    const { directory, home } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o711 });
    await writeWhole(this.#recordPath, JSON.stringify({ version: 1, key: this.#key, home, workedIn: null, switched: OFF, told: null, ...record } satisfies NetworkRecord));
  }

  async #remember(change: Partial<NetworkRecord>): Promise<void> {
    const { subnet } = await this.#known();
    await this.#write({ subnet, ...await readRecord(this.#recordPath), ...change });
  }

  /** Recorded addresses stand: where the host has come to use the subnet itself, that is told instead of giving others. */
  async #requireFreeSubnet({ bridge, subnet }: HomeNetwork): Promise<void> {
    if ((await hostLinks()).some(({ name }) => name === bridge)) return;
    const own = parseIpv4Network(subnet);
    const clash = (await usedNetworks(bridge)).find((text) => {
      const other = parseIpv4Network(text);
      // A wider route (a VPN's 10.0.0.0/8) loses against the bridge's own; the same or a narrower one does not.
      return own !== undefined && other !== undefined && other.prefix >= own.prefix && overlap(own, other);
    });
    if (clash === undefined) return;
    throw fail('machine-failed', `the network of this home, ${subnet}, is used by the host for something else (${clash})`, {
      hint: 'see: ip route; take that away, or launch on QEMU\'s user network: holdfast set local.network=user',
    });
  }

  #watchOver(): void {
    this.#watch ??= setInterval(() => void this.#look(), WATCH_MS).unref();
  }

  #watchNoMore(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** Nobody asked for it, so nobody is told but the log. */
  async #look(): Promise<void> {
    const due = performance.now() - this.#repairedAt >= REPAIR_MS;
    if (!due && await this.#dnsmasq?.isRunning() === true) return;
    this.#repairedAt = performance.now();
    await this.#inTurn(async () => {
      if (this.#watch === undefined) return;
      // Nobody has a card on it: what is missing is missing rightly.
      if (ownCards([...(await this.#attachments.all()).values()].flat()).length === 0) return this.#watchNoMore();
      const missing = await this.#missing();
      if (missing.length === 0) return;
      await this.#up();
      await this.#plugBack();
      this.#options.log('network', `the network of this home lacked ${missing.join(', ')}, and was repaired`);
    }).catch((error: unknown) => this.#options.log('network', `the network of this home cannot be repaired: ${error instanceof Error ? error.message : String(error)}`));
  }

  async #missing(): Promise<string[]> {
    const network = await this.#known();
    const links = await hostLinks();
    const cards = [...(await this.#attachments.all()).values()].flat();
    const loose = cards.filter(({ tap, bridge }) => links.some(({ name, master }) => name === tap && master !== (bridge ?? network.bridge)));
    this.#dnsmasq ??= new Dnsmasq(network, this.#options.directory);
    return [
      ...(await this.#dnsmasq.isRunning() ? [] : ['its dnsmasq']),
      ...(links.some(({ name, up }) => name === network.bridge && up) ? [] : ['its bridge']),
      ...(await nftHas('inet', network.table) && await nftHas('bridge', network.table) ? [] : ['its firewall rules']),
      ...loose.map(({ tap }) => `the bridge of ${tap}`),
    ];
  }

  /** Taps outlive the bridge that they were on. */
  async #plugBack(): Promise<void> {
    const network = await this.#known();
    const links = await hostLinks();
    const cards: AttachedCard[] = [...(await this.#attachments.all()).values()].flat();
    for (const { tap, bridge } of cards) {
      if (links.some(({ name, master }) => name === tap && master !== (bridge ?? network.bridge))) await ensureTap(tap, 0, bridge ?? network.bridge);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}
