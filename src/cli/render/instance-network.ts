/** `holdfast net show` in each format. */
import type { WireInstanceNetwork } from '../../api/network-schemas.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson, type Json } from './json.ts';
import { oneLine } from './plain.ts';
import { toYaml } from './yaml.ts';

type Interface = WireInstanceNetwork['interfaces'][number];
type Address = Interface['addresses'][number];

export function renderNetwork(name: string, network: WireInstanceNetwork, format: Format): string {
  switch (format) {
    case 'table': return text(name, network);
    case 'json': return toJson({ instance: name, ...facts(network) });
    case 'yaml': return toYaml({ instance: name, ...facts(network) });
    case 'csv':
      return csvLine(['Interface', 'Role', 'MAC', 'Driver', 'Up', 'Carrier', 'Network', 'Address', 'Prefix', 'From', 'Expires', 'File', 'Line'])
        + network.interfaces.flatMap((link) => (link.addresses.length === 0 ? [undefined] : link.addresses).map((address) => csvLine([
          oneLine(link.name), link.role, link.mac ?? '', link.driver ?? '', link.up, link.carrier, link.network ?? '',
          address?.address ?? '', address?.prefix ?? '', address?.how ?? '', address?.expiresAt ?? '', address?.file ?? '', address?.line ?? '',
        ]))).join('');
  }
}

const WIDTH = 12;

function text(name: string, { from, at, health, healthReason, interfaces, refused, armed, netplanVersion }: WireInstanceNetwork): string {
  const head: (readonly [string, ...string[]])[] = [
    ['Instance', from === 'guest' ? name : `${name} (not asked now; last seen ${at})`],
    ...(health === 'unknown' ? [] : [['Network', healthReason === null ? health : `${health} (${oneLine(healthReason)})`] as const]),
    ['Netplan', netplanVersion ?? 'version not known', ...(refused === null ? [] : [`refuses its files: ${oneLine(refused)}`])],
    ...(armed === null ? [] : [['Waits', `${armed.transaction} is undone${armed.leftSeconds === null ? '' : ` in ${armed.leftSeconds} s`} unless it is confirmed: holdfast net commit ${name}`] as const]),
  ];
  return [rows(head), ...interfaces.map((link) => `\n${rows(linkRows(link))}`)].join('');
}

function rows(all: readonly (readonly [string, ...string[]])[]): string {
  return all.flatMap(([label, ...values]) => values.map((value, index) => `${(index === 0 ? `${label}:` : '').padEnd(WIDTH)}${oneLine(value)}\n`)).join('');
}

function linkRows(link: Interface): (readonly [string, ...string[]])[] {
  const some = (label: string, values: readonly string[]): (readonly [string, ...string[]])[] => {
    const [first, ...more] = values;
    return first === undefined ? [] : [[label, first, ...more]];
  };
  const state = `${link.up ? 'up' : 'down'}${link.up && !link.carrier ? ', no carrier' : ''}`;
  return [
    ['Interface', `${oneLine(link.name)} (${link.role}${link.network === null ? '' : ` on ${link.network}`})`],
    ...some('MAC', link.mac === null ? [] : [link.mac]),
    ['State', [state, ...(link.driver === null ? [] : [`driver ${link.driver}`]), ...(link.mtu === null ? [] : [`MTU ${link.mtu}`])].join(', ')],
    ...some('IPv4', link.addresses.filter(({ family }) => family === 4).map(addressLine)),
    ...some('IPv6', link.addresses.filter(({ family }) => family === 6).map(addressLine)),
    ...some('Routes', link.routes.map(({ to, via, metric, how }) => `${to}${via === null ? '' : ` via ${via}`}${metric === 0 ? '' : ` metric ${metric}`}${how === 'unknown' ? '' : ` (${how})`}`)),
    ...some('DNS', link.dns.length === 0 ? [] : [link.dns.map(oneLine).join(', ')]),
    ...some('Netplan', link.definition === null ? [] : [`${oneLine(link.definition)}${place(link)}`]),
    ...some('Differs', link.differs.map(oneLine)),
  ];
}

function addressLine(address: Address): string {
  const from = { dhcp: 'DHCP', ra: 'router advertisement', static: 'static', 'link-local': 'link-local' }[address.how] ?? 'not known from where';
  return `${address.address}/${address.prefix}  ${from}${address.expiresAt === null ? '' : `, until ${address.expiresAt}`}${place(address)}`;
}

function place({ file, line }: { readonly file: string | null; readonly line: number | null }): string {
  return file === null ? '' : `, ${oneLine(file)}:${line ?? 1}`;
}

function facts({ from, at, health, healthReason, interfaces, refused, armed, netplanVersion }: WireInstanceNetwork): { readonly [key: string]: Json } {
  return {
    from, at, health, health_reason: healthReason, netplan_version: netplanVersion, refused,
    armed: armed === null ? null : { transaction: armed.transaction, left_seconds: armed.leftSeconds },
    interfaces: interfaces.map(({ addresses, ...link }) => ({ ...link, addresses: addresses.map(({ expiresAt, ...address }) => ({ ...address, expires_at: expiresAt })) })),
  };
}
