/** Which bridges of a host keep it forwarding, when a home needs it no more. */
import { MARK } from './ethernet/moves.ts';
import { keyOfBridge } from './home-network.ts';
import { isClosedBridge } from './own-networks.ts';

export interface SeenBridge {
  readonly name: string;
  readonly kind: string | undefined;
  readonly alias: string | undefined;
  /** Something that runs is plugged into it. */
  readonly carrier: boolean;
}

/**
 * A home that is not where it was has ended, or was moved while its machines run: then they are on its bridge.
 * @param key  the home's  @param isThere  where it was
 */
export function needsStill(key: string, isThere: boolean, links: readonly SeenBridge[]): boolean {
  return links.some((link) => isOf(key, link) && (isThere || link.carrier));
}

/**
 * Whoever else has a bridge may need it; one of an ethernet's does not, nor a closed one. One of a home that nobody knows is an
 * earlier Holdfast's, with machines on it, or was left by a home that is no more.
 * @param known  keys of homes whose need is known
 */
export function mayNeed(link: SeenBridge, known: readonly string[]): boolean {
  if (link.kind !== 'bridge' || link.alias?.startsWith(MARK) === true || isClosedBridge(link.name) || known.some((key) => isOf(key, link))) return false;
  return keyOfBridge(link.name) === undefined || link.carrier;
}

function isOf(key: string, { name, kind }: SeenBridge): boolean {
  return kind === 'bridge' && keyOfBridge(name) === key.slice(0, 8);
}
