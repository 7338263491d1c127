/** Netplan files out of what is wanted: cards found by their MAC, never renamed. */
import { Document, Scalar, visit } from 'yaml';
import type { Family } from './facts.ts';

export interface WantedInterface {
  readonly id: string;
  readonly mac: string;
  readonly dhcp4: boolean;
  readonly dhcp6?: boolean;
  /** The boot does not wait for it. */
  readonly optional?: boolean;
  /** Of the routes that come by DHCP; the lower one counts. */
  readonly dhcpRouteMetric?: number;
  /** With prefix. */
  readonly addresses?: readonly string[];
  readonly gateways?: readonly { readonly family: Family; readonly via: string; readonly metric?: number }[];
  readonly nameservers?: { readonly addresses: readonly string[]; readonly search?: readonly string[] };
  /** Above its definition. */
  readonly comment?: string;
}

/** @param comment  at the top of the file  @returns a whole file */
export function generate(interfaces: readonly WantedInterface[], comment?: string): string {
  const ethernets = Object.fromEntries(interfaces.map((each) => [each.id, keysOf(each)]));
  const document = new Document({ network: { version: 2, ethernets } }, { version: '1.1' });
  if (comment !== undefined) document.commentBefore = indented(comment);
  visit(document, {
    Pair(_, { key, value }, path) {
      const about = path.length === 6 ? interfaces.find(({ id }) => key instanceof Scalar && key.value === id)?.comment : undefined;
      if (about !== undefined && key instanceof Scalar) key.commentBefore = indented(about);
      // A reader of YAML 1.1 takes some MACs for numbers.
      if (key instanceof Scalar && key.value === 'macaddress' && value instanceof Scalar) value.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ directives: false, lineWidth: 0 });
}

function keysOf({ mac, dhcp4, dhcp6, optional, dhcpRouteMetric, addresses = [], gateways = [], nameservers }: WantedInterface): Record<string, unknown> {
  const servers = nameservers && nameservers.addresses.length + (nameservers.search?.length ?? 0) > 0 ? nameservers : undefined;
  return {
    match: { macaddress: mac.toLowerCase() },
    dhcp4,
    ...(dhcp6 === undefined ? {} : { dhcp6 }),
    ...(dhcp4 ? { 'dhcp-identifier': 'mac' } : {}),
    ...(dhcp4 && dhcpRouteMetric !== undefined ? { 'dhcp4-overrides': { 'route-metric': dhcpRouteMetric } } : {}),
    ...(optional === true ? { optional } : {}),
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(gateways.length > 0 ? { routes: gateways.map(({ family, via, metric }) => ({ to: family === 4 ? '0.0.0.0/0' : '::/0', via, ...(metric === undefined ? {} : { metric }) })) } : {}),
    ...(servers ? { nameservers: { ...(servers.addresses.length > 0 ? { addresses: servers.addresses } : {}), ...(servers.search && servers.search.length > 0 ? { search: servers.search } : {}) } } : {}),
  };
}

function indented(text: string): string {
  return text.split('\n').map((line) => ` ${line}`).join('\n');
}
