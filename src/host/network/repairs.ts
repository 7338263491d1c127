/** Puts back what is missing of networks that are up; whoever asks for something goes before it. */
import type { InTurn } from '../../core/one-at-a-time.ts';
import { isLookedAfter, ownCards, type Attachments } from './attachments.ts';
import type { HomeBridges } from './home-bridges.ts';
import type { OwnNetworks } from './own-networks.ts';
import type { CardFailure } from './plug-back.ts';
import { troubleOf, type NetworkTrouble, type RepairFailure } from './trouble.ts';
import { Watch } from './watch.ts';
import { tellFailures, type ZoneFailure } from './zone-failure.ts';

export interface RepairsParts {
  readonly attachments: Attachments;
  readonly bridges: HomeBridges;
  readonly own: OwnNetworks;
  readonly inTurn: InTurn;
  readonly log: (cause: string, message: string, remedy?: string) => void;
}

export class Repairs implements AsyncDisposable {
  readonly #parts: RepairsParts;
  readonly #watch: Watch;
  #repairing = new AbortController();
  #failures: readonly RepairFailure[] = [];

  constructor(parts: RepairsParts) {
    this.#parts = parts;
    this.#watch = new Watch({ isServed: () => this.#isServed(), repair: () => this.#repair() });
  }

  /** A network is up. @param failures  zones that did not come up with the home's, which are told of; left out where that was not tried */
  start(failures?: readonly ZoneFailure[]): void {
    if (failures !== undefined) this.#failed(failures);
    this.#watch.start();
  }

  /** What is wrong now with the home's network, which is to be up. @param addresses  of cards that alone it is asked for  @throws tool-missing, machine-failed */
  async trouble(addresses?: readonly string[]): Promise<NetworkTrouble | undefined> {
    const { bridges, inTurn } = this.#parts;
    const look = async (): Promise<NetworkTrouble | undefined> => troubleOf(await bridges.lacks(addresses), this.#failures);
    // What is being made, or put back, is no trouble yet.
    return await look() === undefined ? undefined : await inTurn(look);
  }

  /** None is, or is to be. */
  stop(): void {
    this.#watch.stop();
  }

  /** In its turn; a repair that is under way is given up for it. */
  before<T>(work: () => Promise<T>): Promise<T> {
    this.#repairing.abort();
    return this.#parts.inTurn(work);
  }

  /** What has its turn already, or waits for it, is waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch.stop();
    await this.before(() => Promise.resolve());
    // It may have brought a network up.
    this.#watch.stop();
  }

  #failed(failures: readonly ZoneFailure[], loose: readonly CardFailure[] = []): void {
    this.#failures = [...failures.map(({ zone, error }) => ({ zone: zone.zone, error })), ...loose.map(({ card, error }) => ({ zone: undefined, tap: card.tap, error }))];
    tellFailures(failures, this.#parts.log);
  }

  /** On closed networks nothing is served. */
  async #isServed(): Promise<boolean> {
    const { attachments, bridges } = this.#parts;
    return await bridges.isServed() || ownCards(await attachments.cards()).length === 0;
  }

  /** Nobody asked for it, so nobody is told but the log. @returns whether nothing is missing, or nothing could be said about it */
  async #repair(): Promise<boolean> {
    const { attachments, bridges, own, inTurn, log } = this.#parts;
    const { signal } = this.#repairing = new AbortController();
    try {
      return await inTurn(async () => {
        if (!this.#watch.isOn || signal.aborted) return true;
        const cards = await attachments.cards();
        // Nobody has a card on any: what is missing is missing rightly.
        if (!cards.some(isLookedAfter)) this.#watch.stop();
        const isWhole = await own.repair(cards, signal, log);
        if (ownCards(cards).length === 0) return isWhole;
        const { repaired, failures, loose } = await bridges.repair(signal, log);
        if (repaired.length > 0) log(`network-repaired ${repaired.join()}`, `the network of this home lacked ${repaired.join(', ')}, and was repaired`);
        this.#failed(failures, loose);
        return isWhole && failures.length === 0 && loose.length === 0;
      });
    } catch (error) {
      if (signal.aborted) return true;
      this.#failures = [{ zone: undefined, error }];
      log('network-broken', `the network of this home cannot be repaired: ${error instanceof Error ? error.message : String(error)}`, 'it is tried again, less and less often; what is wrong with it: holdfast doctor');
      return false;
    }
  }
}
