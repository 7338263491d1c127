/** What was predicted, in the form that what netplan wrote is compared in. */
import type { Definition, DhcpOverrides } from '../../../src/core/netplan/definition.ts';
import { addressLine } from './rendered.ts';
import { distinct, plainAddress, routeLine, type Settings } from './settings.ts';

/** @param all  the merged configuration, for the VLANs that hang on this one */
export function settingsOf(definition: Definition, all: readonly Definition[]): Settings {
  const { dhcp4, dhcp6, memberOf } = definition;
  const isMember = memberOf !== null && memberOf.as !== 'vrf';
  return {
    dhcp4, dhcp6, acceptRa: definition.acceptRa,
    // netplan gives members of a bridge or bond none, whatever is said.
    linkLocal: isMember ? '' : definition.linkLocal.toSorted().join(','),
    addresses: distinct(definition.addresses.map(({ address, prefix, label, deprecated }) => addressLine(`${address}/${prefix}`, label, deprecated))),
    routes: distinct(definition.routes.map(({ to, via, metric, table, type, source, onLink, scope, mtu }) => routeLine({
      to, via, metric: words(metric), table: words(table), type, source, onLink, scope, mtu: words(mtu),
    }))),
    rules: distinct(definition.routingPolicy.map(({ from, to, table, priority, mark, typeOfService }) => Object.entries({
      From: from, To: to, Table: table, Priority: priority, FirewallMark: mark, TypeOfService: typeOfService,
    }).filter(([, value]) => value !== null).map(([key, value]) => `${key}=${value}`).toSorted().join(' '))),
    dns: distinct(definition.nameservers.addresses.map(plainAddress)), search: distinct(definition.nameservers.search),
    mtu: words(definition.mtu) ?? '', macAddress: definition.macAddress?.toLowerCase() ?? '', activation: definition.activationMode ?? 'up',
    memberOf: memberOf === null ? '' : `${memberOf.as} ${memberOf.id}`,
    vlans: distinct(all.filter(({ vlan, renderer }) => vlan?.link === definition.id && renderer === 'networkd').map(({ id }) => id)),
    dhcpOptions: dhcpOptions(definition),
  };
}

function dhcpOptions({ dhcp4, dhcp6, dhcp4Overrides, dhcp6Overrides, dhcpIdentifier, critical, type }: Definition): string {
  if (!dhcp4 && !dhcp6) return '';
  const overrides: DhcpOverrides = dhcp4 ? dhcp4Overrides : dhcp6Overrides;
  // netplan's own defaults: 100, and more for what is slower (its reference, "route-metric").
  const usual = { wifis: 600, modems: 1000 }[type as string] ?? 100;
  return [
    `metric ${overrides.routeMetric ?? usual}`, ...(overrides.useRoutes === false ? ['no routes'] : []), ...(overrides.useDns === false ? ['no dns'] : []),
    ...(dhcpIdentifier === 'mac' ? ['by mac'] : []), ...(critical ? ['critical'] : []),
  ].join(', ');
}

function words(value: number | null): string | null {
  return value === null ? null : String(value);
}
