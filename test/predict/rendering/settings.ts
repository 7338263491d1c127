/** What a link is to have, in one form for both sides, so that they can be compared word by word. */

export interface Settings {
  readonly dhcp4: boolean;
  readonly dhcp6: boolean;
  /** Null: nothing is said. */
  readonly acceptRa: boolean | null;
  readonly linkLocal: string;
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly dns: readonly string[];
  readonly search: readonly string[];
  readonly mtu: string;
  readonly macAddress: string;
  readonly activation: string;
  readonly memberOf: string;
  readonly vlans: readonly string[];
  readonly dhcpOptions: string;
}

/** IPv6 in its shortest form, lower case (RFC 5952). */
export function plainAddress(text: string): string {
  if (!text.includes(':')) return text;
  const url = `http://[${text.replace(/%.*/, '')}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : text;
}

/** With prefix; `default` is written out. */
export function plainNetwork(text: string, family: 4 | 6): string {
  if (text === 'default') return family === 4 ? '0.0.0.0/0' : '::/0';
  const [address = '', prefix = family === 4 ? '32' : '128'] = text.split('/');
  return `${plainAddress(address)}/${prefix}`;
}

export function familyOf(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4;
}

/** One line for each distinct entry: netplan writes some of them twice, which changes nothing. */
export function distinct(lines: readonly string[]): string[] {
  return [...new Set(lines)].toSorted();
}

interface RouteWords {
  readonly to: string;
  readonly via: string | null;
  readonly metric: string | null;
  readonly table: string | null;
  readonly type: string | null;
  readonly source: string | null;
  readonly onLink: boolean;
  readonly scope: string | null;
  readonly mtu: string | null;
}

export function routeLine({ to, via, metric, table, type, source, onLink, scope, mtu }: RouteWords): string {
  const family = to === 'default' ? familyOf(via ?? '') : familyOf(to);
  const more = Object.entries({ metric, table: table === '254' ? null : table, type: type === 'unicast' ? null : type, from: source === null ? null : plainAddress(source), scope: scope === 'global' ? null : scope, mtu });
  return [plainNetwork(to, family), ...(via === null ? [] : ['via', plainAddress(via)]), ...(onLink ? ['onlink'] : []), ...more.filter(([, value]) => value !== null).flat()].join(' ');
}

export function difference(ours: Settings, theirs: Settings): string[] {
  return (Object.keys(theirs) as (keyof Settings)[]).flatMap((key) => {
    const [we, they] = [ours[key], theirs[key]].map((value) => JSON.stringify(value));
    return we === they ? [] : [`${key}: netplan ${they}, predicted ${we}`];
  });
}
