/**
 * Brings the networks of a home up (rules, bridges, forwarding, a dnsmasq each), those of the zones in which there are cards;
 * puts back what is missing of them, and takes them down without a trace. Everything in it can be done again; whoever calls
 * sees to it that one thing is done at a time.
 */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostNames, type NamedCard } from '../../core/network/dnsmasq-config.ts';
import { FIRST_ZONE, networkOf, type HomeNetwork, type ZoneNetwork } from '../../core/network/home-network.ts';
import { ruleset, rulesetRemoval } from '../../core/network/ruleset.ts';
import type { ZoneName } from '../../core/zones.ts';
import { hostBootId } from '../process/identity.ts';
import { writeWhole } from '../write-whole.ts';
import { ownCards, type Attachments } from './attachments.ts';
import { ensureBridge, removeLink } from './bridge.ts';
import { Dnsmasq } from './dnsmasq.ts';
import { forward, forwardLess, forwards } from './home-forwarding.ts';
import type { HomeRecord } from './home-record.ts';
import { hostLinks } from './links.ts';
import { astray, concerning, missingOf, type Missing, type Tell } from './missing.ts';
import { plugBack, type CardFailure } from './plug-back.ts';
import { requireFreeSubnet } from './subnets.ts';
import { nftFamilies, nftLoad } from './tools.ts';
import type { Outcome, ZoneFailure } from './zone-failure.ts';

/** Of what lies beside: what is remembered of networks that are not up. */
const KEPT: readonly string[] = ['network.json', 'networks.json', 'ethernets'];

interface Repaired {
  /** In words for the log. */
  readonly repaired: readonly string[];
  readonly failures: readonly ZoneFailure[];
  readonly loose: readonly CardFailure[];
}

export class HomeBridges {
  readonly #directory: string;
  readonly #record: HomeRecord;
  readonly #attachments: Attachments;
  readonly #program: string;
  readonly #dnsmasqs = new Map<ZoneName, Dnsmasq>();
  /** Whose subnet the host had come to use, when they were last to come up. */
  #refused: ReadonlySet<ZoneName> = new Set();

  /** @param program  dnsmasq's */
  constructor(directory: string, record: HomeRecord, attachments: Attachments, program: string) {
    this.#directory = directory;
    this.#program = program;
    this.#record = record;
    this.#attachments = attachments;
  }

  /**
   * For the cards that are attached; zone1's where there are none. A zone that does not come up keeps no other from it.
   * @throws what concerns all of them: tool-missing, machine-failed, the signal's reason
   */
  async up(signal?: AbortSignal): Promise<Outcome> {
    const network = await this.#record.network();
    const cards = ownCards(await this.#attachments.cards());
    const zones = inUse(network, cards);
    const failures: ZoneFailure[] = [];
    const eachOf = async (those: readonly ZoneNetwork[], work: (zone: ZoneNetwork) => Promise<void>): Promise<readonly ZoneNetwork[]> => {
      for (const zone of those) {
        await work(zone).catch((error: unknown) => {
          signal?.throwIfAborted();
          failures.push({ zone, error });
        });
      }
      return those.filter((zone) => !failures.some((failure) => failure.zone === zone));
    };
    const free = await eachOf(zones, requireFreeSubnet);
    this.#refused = new Set(failures.map(({ zone }) => zone.zone));
    if (free.length === 0) return { up: [], failures };
    // The rules first: no card speaks without them.
    await this.#loadRules(ruleset({ ...network, zones: free }, cards));
    const bridged = await eachOf(free, ensureBridge);
    if (bridged.length > 0) await forward(this.#record, bridged);
    const up = await eachOf(bridged, (zone) => this.#serve(network, zone, cards, signal));
    await this.#retire(network.zones.filter((zone) => !zones.includes(zone)));
    if (up.length > 0) await this.#record.remember({ workedIn: await hostBootId() ?? null, told: null });
    return { up, failures };
  }

  /** Down to the cards that are left. Nothing is started for them: whoever has gone waits for no dnsmasq, and what is missing is put back by repair. */
  async shrink(): Promise<void> {
    const network = await this.#record.network();
    const cards = ownCards(await this.#attachments.cards());
    const zones = inUse(network, cards);
    await this.#loadRules(ruleset({ ...network, zones: this.#ruled(zones) }, cards));
    for (const zone of zones) await this.#dnsmasq(zone).tell(cardsIn(network, zone, cards), hostNames(network, cards));
    if (await this.#retire(network.zones.filter((zone) => !zones.includes(zone)))) await forwardLess(this.#record, zones);
  }

  /** Of a network that another daemon has brought up the host's other homes are to know. */
  async claim(): Promise<void> {
    const cards = ownCards(await this.#attachments.cards());
    if (cards.length > 0) await forward(this.#record, inUse(await this.#record.network(), cards));
  }

  async down(): Promise<void> {
    const { table, tapPrefix, foreignTapPrefix, zones } = await this.#record.network();
    for (const zone of zones) {
      await this.#dnsmasq(zone).stop();
      await removeLink(zone.bridge);
    }
    this.#dnsmasqs.clear();
    if ((await nftFamilies(table)).size > 0) await this.#loadRules(rulesetRemoval({ table, tapPrefix, foreignTapPrefix }));
    await forwardLess(this.#record, []);
    // Machines may have cards on bridges of the host's still.
    const kept = (await this.#attachments.all()).size > 0 ? [...KEPT, 'machines'] : KEPT;
    for (const name of await readdir(this.#directory).catch(() => [] as string[])) {
      if (!kept.includes(name)) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  /** Whether what dies most easily lives; false also while nobody has asked for a network. */
  async isServed(): Promise<boolean> {
    const running = await Promise.all([...this.#dnsmasqs.values()].map((each) => each.isServing()));
    return running.length > 0 && running.every(Boolean);
  }

  /**
   * Neither a zone that does not come up nor a card that cannot be put back on its bridge keeps anything else from being repaired.
   * @param tell  of such a card, under a cause of its own
   * @returns what was missing, and is there again; and those zones and cards  @throws what concerns all zones: tool-missing, machine-failed, the signal's reason
   */
  async repair(signal: AbortSignal, tell: Tell): Promise<Repaired> {
    const missing = await this.#missing(tell);
    if (missing.length === 0) return { repaired: [], failures: [], loose: [] };
    const { failures } = await this.up(signal);
    const left = await plugBack(await this.#record.network(), await this.#attachments.cards(), tell);
    const still = new Set((await this.#missing(() => undefined)).map(({ what }) => what));
    return { repaired: missing.map(({ what }) => what).filter((what) => !still.has(what)), failures, loose: left };
  }

  /** Of what is to be up now. @param addresses  of cards that alone it is asked for  @throws tool-missing, machine-failed */
  async lacks(addresses?: readonly string[]): Promise<readonly Missing[]> {
    if (ownCards(await this.#attachments.cards()).length === 0) return [];
    // Whoever asks is in no turn: a zone may be about to be retired, and is not to be kept by the question.
    const missing = await this.#missing(() => undefined, (zone) => (this.#dnsmasqs.get(zone.zone) ?? this.#made(zone)).isServing());
    return addresses === undefined ? missing : concerning(missing, await this.#record.network(), addresses);
  }

  async #missing(tell: Tell, serves = (zone: ZoneNetwork): Promise<boolean> => this.#dnsmasq(zone).isServing()): Promise<readonly Missing[]> {
    const network = await this.#record.network();
    const [cards, links] = [await this.#attachments.cards(), await hostLinks()];
    const own = ownCards(cards);
    for (const { tap, bridge } of astray(cards, links)) {
      tell(`network-astray ${tap}`, `the bridge ${bridge}, on which a card of this home is (${tap}), does not exist any more`, 'the card is put on it as soon as it is there again; one that Holdfast made is made again by itself');
    }
    const zones = inUse(network, own);
    return await missingOf({
      network, cards, own, links, zones, ruled: this.#ruled(zones), serves, forwards: () => forwards(this.#record, zones),
    });
  }

  #ruled(zones: readonly ZoneNetwork[]): readonly ZoneNetwork[] {
    return zones.filter(({ zone }) => !this.#refused.has(zone));
  }

  async #serve(network: HomeNetwork, zone: ZoneNetwork, cards: readonly NamedCard[], signal: AbortSignal | undefined): Promise<void> {
    await makePassable(this.#directoryOf(zone));
    await this.#dnsmasq(zone).serve(cardsIn(network, zone, cards), hostNames(network, cards), signal);
  }

  /** Zones whose last card has gone, while others have theirs elsewhere. @returns whether a bridge has gone */
  async #retire(zones: readonly ZoneNetwork[]): Promise<boolean> {
    // A launch waits for this, and hardly ever is there anything to do.
    const links = zones.length === 0 ? [] : await hostLinks();
    for (const zone of zones) {
      const dnsmasq = this.#dnsmasq(zone);
      this.#dnsmasqs.delete(zone.zone);
      if (await dnsmasq.hasTraces()) await dnsmasq.remove();
      if (links.some(({ name }) => name === zone.bridge)) await removeLink(zone.bridge);
      if (zone.zone !== FIRST_ZONE) await rm(this.#directoryOf(zone), { recursive: true, force: true });
    }
    return links.some(({ name }) => zones.some(({ bridge }) => bridge === name));
  }

  #dnsmasq(zone: ZoneNetwork): Dnsmasq {
    const there = this.#dnsmasqs.get(zone.zone);
    // The host may have come to have IPv6, or have it no more; what runs is found again.
    if (there !== undefined && there.network.prefix6 === zone.prefix6) return there;
    const made = this.#made(zone);
    this.#dnsmasqs.set(zone.zone, made);
    return made;
  }

  #made(zone: ZoneNetwork): Dnsmasq {
    return new Dnsmasq(zone, this.#directoryOf(zone), this.#program);
  }

  /** Zone1's files lie where those of the one network lay. */
  #directoryOf({ zone }: ZoneNetwork): string {
    return zone === FIRST_ZONE ? this.#directory : join(this.#directory, zone);
  }

  async #loadRules(text: string): Promise<void> {
    const path = join(this.#directory, 'rules.nft');
    await makePassable(this.#directory);
    await writeWhole(path, text);
    await nftLoad(path);
  }
}

function inUse({ zones }: HomeNetwork, cards: readonly NamedCard[]): readonly ZoneNetwork[] {
  const used = zones.filter((zone) => cards.some(({ address }) => networkOf({ zones: [zone] }, address) !== undefined));
  return used.length > 0 ? used : zones.slice(0, 1);
}

function cardsIn(network: HomeNetwork, zone: ZoneNetwork, cards: readonly NamedCard[]): readonly NamedCard[] {
  return cards.filter(({ address }) => networkOf(network, address) === zone);
}

/** dnsmasq, under a user of its own, reads its lists again when they change. */
async function makePassable(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o711);
}
