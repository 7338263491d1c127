/** Cards whose tap is off its bridge are put back on it: taps outlive the bridge that they were on. */
import type { HomeNetwork } from '../../core/network/home-network.ts';
import { bridgeOf, type AttachedCard } from './attachments.ts';
import { ensureTap } from './bridge.ts';
import { hostLinks } from './links.ts';
import { loose, type Tell } from './missing.ts';

export interface CardFailure {
  readonly card: AttachedCard;
  readonly error: unknown;
}

/** @param tell  of each that could not be  @returns those, and why */
export async function plugBack(network: HomeNetwork, cards: readonly AttachedCard[], tell: Tell): Promise<readonly CardFailure[]> {
  const left: CardFailure[] = [];
  for (const card of loose(network, cards, await hostLinks())) {
    await ensureTap(card.tap, 0, bridgeOf(network, card)).catch((error: unknown) => {
      left.push({ card, error });
      tell(`network-astray ${card.tap}`, `a card of this home (${card.tap}) cannot be put back on its bridge: ${error instanceof Error ? error.message : String(error)}`, 'it is tried again; what is wrong with it: holdfast doctor');
    });
  }
  return left;
}
