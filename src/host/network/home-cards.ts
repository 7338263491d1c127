/** Gives machines their taps, and has the networks up that their cards are on; what an attempt that failed has made goes again. Every caller is in its turn already. */
import { fail } from '../../core/errors.ts';
import type { ZoneNetwork } from '../../core/network/home-network.ts';
import type { InstanceSpec } from '../../core/instance.ts';
import { bridgeOf, cardsOf, isLookedAfter, type AttachedCard, type Attachments } from './attachments.ts';
import { ensureTap, homeTaps, removeLink } from './bridge.ts';
import type { HomeBridges } from './home-bridges.ts';
import type { HomeRecord } from './home-record.ts';
import { hostLinks } from './links.ts';
import type { OwnNetworks } from './own-networks.ts';
import type { Repairs } from './repairs.ts';

export interface AttachRequest {
  readonly id: string;
  readonly name: string;
  /** Whom its machine runs as. */
  readonly uid: number;
  readonly spec: InstanceSpec;
}

export interface HomeCardsParts {
  readonly record: HomeRecord;
  readonly attachments: Attachments;
  readonly bridges: HomeBridges;
  readonly own: OwnNetworks;
  readonly repairs: Repairs;
  readonly log: (cause: string, message: string, remedy?: string) => void;
}

export class HomeCards {
  readonly #parts: HomeCardsParts;

  constructor(parts: HomeCardsParts) {
    this.#parts = parts;
  }

  /** Whether there is anything to be made for a machine, or taken away. */
  async concern({ id, name, spec }: AttachRequest): Promise<boolean> {
    return cardsOf(this.#parts.record.names, id, name, spec).length > 0 || await this.#parts.attachments.has(id);
  }

  /** Makes what these cards need, and takes away what those needed that the machine has no more. @throws link-missing, tool-missing, machine-failed */
  async change({ id, name, uid, spec }: AttachRequest): Promise<void> {
    const { record, attachments, own, repairs } = this.#parts;
    const network = await record.network();
    const cards = await own.onBridges(cardsOf(record.names, id, name, spec));
    await requireBridges(name, cards);
    const before = (await attachments.all()).get(id) ?? [];
    await this.#orTakeBack(async () => {
      await this.#remember(id, cards);
      if (isOnOwn(cards)) await this.#up(({ bridge }) => cards.some((card) => bridgeOf(network, card) === bridge));
      for (const card of cards) await ensureTap(card.tap, uid, bridgeOf(network, card));
      await this.#removeTaps(id, cards);
    }, async () => {
      // What cannot be had is not remembered: a zone whose subnet is taken would keep every other from coming up.
      await this.#remember(id, before);
      await this.#removeTaps(id, before);
    });
    if (cards.some(isLookedAfter)) repairs.start();
    if (cards.length === 0 || (isOnOwn(before) && !isOnOwn(cards))) await this.#settle();
  }

  /** Whether there can be a network at all: it is up, and down again where no card is on it. @throws tool-missing, machine-failed */
  async tryOut(): Promise<void> {
    await this.#orTakeBack(() => this.#up(() => false));
    await this.#downIfUnused();
  }

  /** The machine has ended, or is not to have anything any more. */
  async detach(id: string): Promise<void> {
    if (await this.#parts.attachments.has(id)) await this.#release([id]);
  }

  /** What ended while no daemon was watching. @param lives  machines that run, or may */
  async tidy(lives: (id: string) => boolean): Promise<void> {
    const { record, attachments, bridges, repairs } = this.#parts;
    // The key that names are made of is the record's.
    await record.network();
    const ids = new Set([...(await attachments.all()).keys(), ...(await this.#taps()).map(({ id }) => id)]);
    const gone = [...ids].filter((id) => !lives(id));
    if (gone.length < ids.size) repairs.start();
    await this.#release(gone);
    await bridges.claim();
  }

  async #release(ids: readonly string[]): Promise<void> {
    const { record, attachments } = this.#parts;
    await record.network();
    const taps = await this.#taps();
    for (const { name } of taps.filter(({ id }) => ids.includes(id))) await removeLink(name);
    for (const id of ids) await attachments.remove(id);
    if (ids.length > 0) await this.#settle();
    else await this.#downIfUnused();
  }

  async #remember(id: string, cards: readonly AttachedCard[]): Promise<void> {
    const { attachments } = this.#parts;
    if (cards.length === 0) await attachments.remove(id);
    else await attachments.put(id, cards);
  }

  async #taps(): Promise<{ name: string; id: string }[]> {
    const { record } = this.#parts;
    return await homeTaps(record.names, record.bridges);
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
        this.#parts.log('network-left', `of a network that did not come up not everything could be taken away: ${left instanceof Error ? left.message : String(left)}`, 'the next daemon does it');
      }
      throw error;
    }
  }

  /** @param needs  what does not come up of such a zone is thrown, and what of all; what of another one is told, and tried again */
  async #up(needs: (zone: ZoneNetwork) => boolean): Promise<void> {
    const { bridges, repairs } = this.#parts;
    const { up, failures } = await bridges.up();
    const failure = failures.find(({ zone }) => needs(zone)) ?? (up.length === 0 ? failures[0] : undefined);
    if (failure !== undefined) throw failure.error;
    repairs.start(failures);
  }

  /** Cards have gone: takes down what none of those left needs. */
  async #settle(): Promise<void> {
    if (!(await this.#downIfUnused())) await this.#parts.bridges.shrink();
  }

  async #downIfUnused(): Promise<boolean> {
    const { attachments, bridges, repairs } = this.#parts;
    const cards = await attachments.cards();
    if (isOnOwn(cards)) return false;
    // A closed network is looked after also where the home has none.
    if (!cards.some(isLookedAfter)) repairs.stop();
    await bridges.down();
    return true;
  }
}

/** On a network of the home's. */
function isOnOwn(cards: readonly AttachedCard[]): boolean {
  return cards.some(({ bridge }) => bridge === null);
}

/** Of the host's. @throws link-missing */
async function requireBridges(name: string, cards: readonly AttachedCard[]): Promise<void> {
  const links = await hostLinks();
  const missing = cards.find(({ bridge }) => bridge !== null && !links.some((link) => link.name === bridge && link.kind === 'bridge'));
  if (missing) throw fail('link-missing', `the bridge ${missing.bridge ?? ''}, on which ${name} has a card, does not exist`, { hint: `make it, or take the card away: holdfast net detach ${name} ${missing.mac}` });
}
