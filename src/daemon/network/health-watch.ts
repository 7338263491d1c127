/** How a running guest's network is, by its own report: judged at each of them, told no more often than anybody can follow. */
import type { Network } from '../../core/instance.ts';
import { type DefaultInterface, type LinkFacts, networkHealth } from '../../core/network-health.ts';
import { newestOnly, type NewestOnly } from '../newest-only.ts';

/** A guest whose address changes without end would push everybody else's events out of those that are kept (event-hub.ts). */
const REST_MS = 1000;
export const UNKNOWN: Network = { health: 'unknown', reason: null };

export class HealthWatch implements Disposable {
  readonly #telling: NewestOnly<readonly LinkFacts[] | undefined>;
  #network = UNKNOWN;
  #told = UNKNOWN;

  /** @param tell  what is another than was told before, with the links that it was judged by */
  constructor(tell: (network: Network, links: readonly LinkFacts[] | undefined) => void) {
    this.#telling = newestOnly(REST_MS, (links) => {
      if (isSame(this.#told, this.#network)) return;
      this.#told = this.#network;
      tell(this.#network, links);
    }, (error) => { throw error; });
  }

  /** As of the last report. */
  get network(): Network {
    return this.#network;
  }

  judge(links: readonly LinkFacts[] | undefined, expected: DefaultInterface): void {
    this.#network = networkHealth(links, expected);
    if (!isSame(this.#told, this.#network)) this.#telling.give(links);
  }

  [Symbol.dispose](): void {
    this.#telling[Symbol.dispose]();
  }
}

function isSame(one: Network, other: Network): boolean {
  return one.health === other.health && one.reason === other.reason;
}
