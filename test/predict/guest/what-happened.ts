/** What a change did to a guest, of what anybody could notice from outside or inside. */
import type { Prediction } from '../../../src/core/netplan/prediction.ts';
import type { Seen, SeenRoute } from './helper.ts';

export interface Outcome {
  readonly happened: 'nothing' | 'something' | 'locked out';
  /** Each in words. */
  readonly changes: readonly string[];
}

/** @param reached  whether the host reaches the addresses by which it knew the guest */
export function whatHappened(before: Seen, after: Seen, reached: Readonly<Record<string, boolean>>): Outcome {
  const changes = [
    ...Object.entries(reached).filter(([, reached]) => !reached).map(([address]) => `the host does not reach ${address}`),
    ...changed('addresses', addressLines(before), addressLines(after)),
    ...changed('routes', routeLines(before), routeLines(after)),
    ...changed('name servers', dnsLines(before), dnsLines(after)),
    ...changed('links', linkLines(before), linkLines(after)),
    ...changed('rules', before.rules.toSorted(), after.rules.toSorted()),
  ];
  const lost = Object.entries(reached).some(([address, reached]) => !reached && !address.includes(':'));
  return { happened: lost ? 'locked out' : changes.length > 0 ? 'something' : 'nothing', changes };
}

function changed(what: string, before: readonly string[], after: readonly string[]): string[] {
  const gone = before.filter((line) => !after.includes(line));
  const come = after.filter((line) => !before.includes(line));
  return gone.length + come.length === 0 ? [] : [`${what}: ${[...gone.map((line) => `-${line}`), ...come.map((line) => `+${line}`)].join(', ')}`];
}

function addressLines({ links }: Seen): string[] {
  return links.flatMap(({ name, addresses }) => addresses.filter(({ scope }) => scope === 'global').map(({ address, prefix }) => `${name} ${address}/${prefix}`));
}

function routeLines({ routes }: Seen): string[] {
  return routes.filter(({ protocol }) => protocol !== 'kernel').map(routeLine);
}

function routeLine({ dst, gateway, dev, metric, table, type }: SeenRoute): string {
  return [dst, ...(gateway === undefined ? [] : ['via', gateway]), dev ?? type ?? '', `metric ${metric ?? 0}`, ...(table === undefined ? [] : [`table ${table}`])].join(' ');
}

function dnsLines({ links }: Seen): string[] {
  return links.flatMap(({ name, dns }) => dns.map((server) => `${name} ${server}`));
}

function linkLines({ links }: Seen): string[] {
  return links.map(({ name, mac, mtu, up, master }) => `${name} ${mac} mtu ${mtu} ${up ? 'up' : 'down'}${master === null ? '' : ` in ${master}`}`);
}

/** Where the guest's addresses are others than was predicted; link-local ones left out. A card may have another name since. */
export function addressDifferences(prediction: Prediction, before: Seen, after: Seen): string[] {
  return after.links.filter(({ name }) => name !== 'lo').flatMap((link) => {
    const known = before.links.find(({ card, permanentMac }) => card && link.card && permanentMac === link.permanentMac)?.name ?? link.name;
    const predicted = prediction.links.find(({ name }) => name === known);
    const there = link.addresses.filter(({ scope, tentative, failed }) => scope === 'global' && !(tentative && failed));
    if (predicted === undefined) return there.length === 0 ? [] : [`${link.name}: it has ${there.map(({ address }) => address).join(', ')}; nothing was predicted`];
    if (predicted.managedBy === 'unknown') return [];
    const fixed = predicted.addresses.filter(({ how }) => how !== 'link-local');
    const missing = fixed.filter(({ address, family }) => !there.some((each) => each.family === family && (address === null || same(each.address, address))));
    const chosen = new Set(fixed.filter(({ address }) => address === null).map(({ family }) => family));
    const extra = there.filter(({ address, family }) => !chosen.has(family) && !fixed.some((each) => each.address !== null && same(each.address, address)));
    return [
      ...missing.map(({ address, family, how }) => `${link.name}: ${address ?? `an IPv${family} address`} (${how}) was predicted`),
      ...extra.map(({ address }) => `${link.name}: it has ${address}, which was not predicted`),
    ];
  });
}

function same(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(address: string): string {
  return address.includes(':') && URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname : address;
}
