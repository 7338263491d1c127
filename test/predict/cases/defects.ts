/** What goes wrong in a file that somebody edits: in what it says, and in how it is written. */
import fc from 'fast-check';
import type { Entry } from './definitions.ts';
import { weighted } from './words.ts';

/** Wrong values, by key; netplan refuses most of them, and not all. */
const WRONG: readonly (readonly [key: string, value: unknown])[] = [
  ['dhcp4', 'maybe'], ['dhcp4', 1], ['dhcp4', ['yes']], ['dhcp4', null], ['addresses', '10.0.0.5/24'], ['addresses', ['10.0.0.5']], ['addresses', ['10.0.0.5/33']],
  ['addresses', ['10.0.0.500/24']], ['addresses', ['fd00::1/129']], ['addresses', []], ['addresses', [{}]], ['addresses', ['10.0.0.5/24', '10.0.0.5/24']], ['addresses', null], ['mtu', 'big'], ['mtu', -1], ['mtu', 1400.5],
  ['routes', [{ to: '192.168.0.0/16' }]], ['routes', [{ via: '10.0.0.1' }]], ['routes', [{ to: 'nowhere', via: '10.0.0.1' }]], ['routes', [{ to: '10.9.0.0/16', via: 'fe80::1' }]],
  ['routes', { to: 'default' }], ['routes', [{ to: '10.9.0.0/16', via: '10.0.0.1', metric: 'low' }]], ['routes', [{ to: 'default', via: '10.0.0.1', type: 'odd' }]], ['gateway4', 'fe80::1'], ['gateway4', '10.0.0.1/24'], ['gateway6', '10.0.0.1'],
  ['gatway4', '10.0.0.1'], ['dhcp', true], ['match', 'enp1s0'], ['match', {}], ['match', { mac: '52:54:00:00:00:01' }], ['match', { macaddress: 'junk' }],
  ['nameservers', ['1.1.1.1']], ['nameservers', { addresses: ['one.one'] }], ['nameservers', { addresses: '1.1.1.1' }], ['link-local', 'ipv6'], ['link-local', ['ipv5']],
  ['activation-mode', 'never'], ['renderer', 'ifupdown'], ['macaddress', 'xx'], ['dhcp-identifier', 'name'], ['accept-ra', 'perhaps'], ['optional', 'x'], ['set-name', 'lan0'],
  ['dhcp4-overrides', { 'route-metric': 'x' }], ['dhcp4-overrides', { 'use-routs': false }], ['routing-policy', [{ from: 'x' }]], ['routing-policy', [{ table: 5 }]], ['interfaces', ['enp1s0']], ['parameters', {}], ['optional-addresses', ['odd']], ['ipv6-mtu', 100],
];

export const wrongKey: fc.Arbitrary<(entries: readonly Entry[]) => Entry[]> = fc.tuple(fc.nat(7), fc.constantFrom(...WRONG))
  .map(([at, [key, value]]) => (entries) => entries.map((entry, index) => (index === at % entries.length ? { ...entry, body: { ...entry.body, [key]: value } } : entry)));

/** Entries that refer to what is not there, or lack what they need. */
export const wrongEntry: fc.Arbitrary<(entries: readonly Entry[]) => Entry[]> = fc.constantFrom<Entry>(
  { type: 'bridges', id: 'br9', body: { interfaces: ['nowhere0'], dhcp4: true } }, { type: 'vlans', id: 'vlan9', body: { id: 9 } }, { type: 'vlans', id: 'vlan9', body: { link: 'enp1s0' } },
  { type: 'vlans', id: 'vlan9', body: { id: 5000, link: 'lo' } }, { type: 'vlans', id: 'vlan9', body: { id: 9, link: 'nowhere0' } }, { type: 'bonds', id: 'bond9', body: { interfaces: [], parameters: { mode: 'fastest' } } },
  { type: 'ethernet', id: 'enp1s0', body: { dhcp4: true } }, { type: 'tunnels', id: 'tun9', body: { mode: 'gre' } }, { type: 'bridges', id: 'enp1s0', body: {} }, { type: 'vrfs', id: 'vrf9', body: {} },
  { type: 'ethernets', id: 'a card', body: { dhcp4: true } }, { type: 'ethernets', id: 'a-name-of-more-than-fifteen', body: { dhcp4: true } }, { type: 'bridges', id: 'a-name-of-more-than-fifteen', body: {} },
).map((entry) => (entries) => [...entries, entry]);

/** Of the whole section. */
export const wrongTop: fc.Arbitrary<Record<string, unknown>> = fc.constantFrom<Record<string, unknown>>(
  { version: 3 }, { version: '2' }, { version: undefined }, { renderer: 'ifupdown' }, { ethernets: null }, { ethernets: [] }, { ethernets: 'enp1s0' }, { bridges: {} }, { bridges: null }, { unknown: {} }, { openvswitch: {} },
);

/** Of the text, after it was written. */
export const spoilt: fc.Arbitrary<(text: string) => string> = weighted<(text: string) => string>(
  [2, fc.nat(10_000).map((at) => (text) => text.slice(0, at % (text.length + 1)))],
  [2, fc.nat(100).map((at) => onLine(at, (line) => line.replace(/^ +/, '\t')))],
  [2, fc.nat(100).map((at) => onLine(at, (line) => `${line}\n${line}`))],
  [2, fc.nat(100).map((at) => onLine(at, (line) => ` ${line}`))],
  [1, fc.nat(100).map((at) => onLine(at, (line) => line.replace(':', '')))],
  [1, fc.nat(100).map((at) => onLine(at, (line) => line.replace(/: ?/, ':')))],
  [1, fc.constantFrom('---\nnetwork: {version: 2}\n', '...\nrest\n', 'network: {version: 2}\n', 'other: {}\n').map((more) => (text) => `${text}${more}`)],
  [1, fc.constantFrom('', '# nothing\n', '[]\n', 'network\n', 'network:\n', 'network: []\n', 'network: {}\n', '{}\n', '~\n', '---\n').map((text) => () => text)],
  [1, fc.constant((text: string) => `${BOMB}${text}`)],
  [1, fc.constantFrom<(text: string) => string>((text) => `\uFEFF${text}`, (text) => text.replaceAll('\n', '\r\n'), (text) => `---\n${text}`, (text) => `${text}\n...\n`, (text) => `%YAML 1.1\n---\n${text}`, (text) => text.replace('network', '"network"'), (text) => text.replace('network', '? network\n'))],
  [1, fc.constantFrom<(text: string) => string>((text) => text.replace(/dhcp4: (\S+)/, 'dhcp4: !!bool $1'), (text) => text.replace(/dhcp4: (\S+)/, 'dhcp4: &x $1'), (text) => text.replace(/version: 2/, 'version: *none'), (text) => text.replace(/dhcp4:/, '<<: {optional: true}\n        dhcp4:'))],
);

const BOMB = `a: &a [x, x, x, x, x, x, x, x, x]
${['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefg'[index]}`).join(', ')}]`).join('\n')}
`;

/** Not the line that begins it all. */
function onLine(at: number, change: (line: string) => string): (text: string) => string {
  return (text) => {
    const lines = text.split('\n');
    const chosen = lines.length < 3 ? 0 : 1 + at % (lines.length - 2);
    return lines.map((line, index) => (index === chosen ? change(line) : line)).join('\n');
  };
}
