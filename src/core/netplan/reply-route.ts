/**
 * Whether what the guest answers its host goes out where the question came in. An address that is there is of no use when a more
 * specific route, or one as good by another link, takes the answers elsewhere.
 */
import { BITS, contains, parseIp, parseNetwork, sameIp } from './address.ts';
import type { PredictedLink, PredictedRoute } from './prediction.ts';

const MAIN_TABLE = 254;

export interface Reply {
  /** `maybe`: two are as good, or another router is asked. */
  readonly how: 'yes' | 'maybe' | 'no';
  readonly route: PredictedRoute | null;
  readonly link: PredictedLink | null;
}

/**
 * @param carriers  names of the links by which the host's network is reached
 * @param host      an address of the host there
 */
export function replyTo(host: string, links: readonly PredictedLink[], carriers: ReadonlySet<string>): Reply {
  const ip = parseIp(host);
  if (!ip) return { how: 'maybe', route: null, link: null };
  const fitting = links.flatMap((link) => link.routes.flatMap((route) => {
    if (route.table !== MAIN_TABLE || route.family !== ip.family || !route.reachable) return [];
    const network = route.to === 'default' ? { family: ip.family, value: 0n, prefix: 0 } : parseNetwork(route.to);
    return network && contains(network, ip) ? [{ route, link, prefix: network.prefix }] : [];
  }));
  const longest = Math.max(-1, ...fitting.map(({ prefix }) => prefix));
  const least = Math.min(...fitting.filter(({ prefix }) => prefix === longest).map(({ route }) => route.metric));
  const best = fitting.filter(({ prefix, route }) => prefix === longest && route.metric === least);
  const [first] = best;
  if (first === undefined) return { how: 'no', route: null, link: null };
  const good = best.filter(({ route, link }) => carriers.has(link.name) && route.type === 'unicast');
  if (good.length === 0) return { how: first.link.managedBy === 'unknown' ? 'maybe' : 'no', route: first.route, link: first.link };
  const elsewhere = best.find((each) => !good.includes(each));
  if (elsewhere) return { how: 'maybe', route: elsewhere.route, link: elsewhere.link };
  const direct = good.some(({ route: { via }, prefix }) => via === null || sameIp(via, host) || prefix === BITS[ip.family]);
  return { how: direct ? 'yes' : 'maybe', route: first.route, link: first.link };
}
