/** The links that carry the default card's network: the card, and the bridge or bond that it is a port of. */
import type { Control } from './facts.ts';
import type { PredictedLink, Prediction } from './prediction.ts';

export interface Carriers {
  readonly card: PredictedLink | null;
  /** The card, or what stands for it. */
  readonly links: readonly PredictedLink[];
  readonly names: ReadonlySet<string>;
}

export function carriersOf({ links, definitions }: Prediction, { mac }: Control, name: string | null): Carriers {
  const card = links.find((link) => link.exists && link.kind === 'ethernet' && (name === null ? link.mac === mac.toLowerCase() : link.name === name)) ?? null;
  const found: PredictedLink[] = [];
  for (let link: PredictedLink | undefined = card ?? undefined; link && !found.includes(link);) {
    found.push(link);
    const master: string | null = link.memberOf;
    const port = definitions.find(({ id }) => id === link?.definition)?.memberOf;
    link = port && port.as !== 'vrf' ? links.find((each) => each.name === master) : undefined;
  }
  return { card, links: found, names: new Set(found.map((each) => each.name)) };
}
