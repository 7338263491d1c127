/** The way for each that may own an ethernet of the host. */
import { fail } from '../../../core/errors.ts';
import { byHand } from './by-hand.ts';
import { byNetworkd } from './by-networkd.ts';
import { byNmcli } from './by-nmcli.ts';
import type { Owner } from './owner.ts';
import type { Way, Ways } from './way.ts';

export const WAYS: Ways = { nobody: byHand, networkd: byNetworkd, NetworkManager: byNmcli };

/** @throws not-supported */
export function wayOf(ways: Ways, owner: Owner): Way {
  const way = ways[owner];
  if (way === undefined) throw fail('not-supported', `${owner} has it, with which Holdfast cannot do that`, { hint: 'make the bridge there, then name it: --network <bridge>' });
  return way;
}
