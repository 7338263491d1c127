/** Default routes and name servers: whether there are any, which one counts, and which route will never be set. */
import type { Change } from './compare.ts';
import type { Family } from './facts.ts';
import { placed, type Finding } from './plan.ts';
import type { PredictedLink, PredictedRoute, Prediction } from './prediction.ts';

const MAIN_TABLE = 254;

export function routeFindings(change: Change): Finding[] {
  return [...([4, 6] as const).flatMap((family) => defaults(change, family)), ...offLink(change.after), ...names(change)];
}

interface Default {
  readonly link: PredictedLink;
  readonly route: PredictedRoute;
}

function defaultsOf({ links }: Prediction, family: Family): Default[] {
  return links
    .flatMap((link) => (link.memberOf !== null && link.managedBy === 'unknown' ? [] : link.routes.map((route) => ({ link, route }))))
    .filter(({ route }) => route.family === family && route.to === 'default' && route.table === MAIN_TABLE && route.type === 'unicast' && route.reachable)
    .toSorted((a, b) => a.route.metric - b.route.metric);
}

function defaults({ before, after, facts, carriers, now }: Change, family: Family): Finding[] {
  const own = (code: string, reason: string, remedy: string, { link, route }: Partial<Default>): Finding => ({
    code, verdict: 'caution', ...placed(route?.place ?? carriers.after.card?.place ?? null), family, interface: link?.name ?? now?.name ?? null, reason, remedy,
  });
  const [first, second] = defaultsOf(after, family);
  const was = defaultsOf(before, family)[0]?.link.name ?? facts.routes.filter((route) => route.family === family && route.to === 'default').toSorted((a, b) => a.metric - b.metric)[0]?.link;
  if (first === undefined) {
    return was === undefined ? [] : [own('no-default-route', `there will be no IPv${family} default route any more: nothing outside its own networks is reached`, family === 4 ? 'routes: [{to: default, via: GATEWAY}]' : 'accept-ra: true', {})];
  }
  if (was !== undefined && first.link.name !== was && !(carriers.after.names.has(first.link.name) && carriers.before.names.has(was))) {
    return [own('default-route-moves', `the IPv${family} default route moves from ${was} to ${first.link.name}: its metric (${first.route.metric}) is the lowest`, `leave it out on ${first.link.name}, or give it a greater metric`, first)];
  }
  if (second && second.route.metric === first.route.metric && second.link.name !== first.link.name) {
    return [own('two-default-routes', `${first.link.name} and ${second.link.name} have IPv${family} default routes of the same metric (${first.route.metric}): which one counts is not settled`, 'give one a greater metric', second)];
  }
  return [];
}

function offLink({ links }: Prediction): Finding[] {
  return links.flatMap((link) => link.routes.flatMap(({ reachable, via, to, family, place }): Finding[] => reachable ? [] : [{
    code: 'route-not-set', verdict: 'caution', ...placed(place), family, interface: link.name,
    reason: `the route to ${to}${via === null ? '' : ` by ${via}`} will not be set: ${via === null ? 'it cannot be read, or its source is no address of the interface' : `${via} is in no network of ${link.name}`}`,
    remedy: via === null ? null : 'a gateway in the network of the address, or on-link: true',
  }]));
}

function names({ before, after, facts, carriers, now }: Change): Finding[] {
  const servers = ({ links }: Prediction): string[] => links.flatMap(({ dns }) => dns);
  const had = servers(before).length > 0 || facts.links.some(({ dns }) => dns.length > 0);
  if (!had || servers(after).length > 0) return [];
  return [{
    code: 'no-dns', verdict: 'caution', ...placed(carriers.after.card?.place ?? null), family: null, interface: now?.name ?? null,
    reason: 'there will be no name server any more: names are not found', remedy: 'nameservers: {addresses: [NAMESERVER]}',
  }];
}
