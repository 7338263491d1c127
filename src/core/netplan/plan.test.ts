import { expect, test } from 'vitest';
import { advise } from './advise.ts';
import { compare } from './compare.ts';
import { facts } from './facts-for-tests.ts';
import { predict } from './predict.ts';

const launched = `network:
  version: 2
  ethernets:
    default:
      match: {macaddress: "52:54:00:e7:46:6b"}
      dhcp4: true
`;
const at = (text: string, path = '/etc/netplan/50-cloud-init.yaml') => [{ path, text }];
const plan = (text: string, own = facts) => compare(predict(at(launched), own), predict(at(text), own), own);
const codes = (text: string, own = facts) => plan(text, own).findings.map(({ code, verdict }) => `${verdict} ${code}`);
const defaultCard = (keys: string) => `network:\n  ethernets:\n    default:\n      match: {macaddress: "52:54:00:e7:46:6b"}\n${keys.split('\n').map((line) => `      ${line}\n`).join('')}`;

const ACCIDENT = `network:
  version: 2
  ethernets:
    default:
      match:
        macaddress: "52:54:00:e7:46:6b"
      dhcp4: no
      addresses:
        - 192.168.68.20/24
      routes:
        - to: 0.0.0.0/0
          via: 192.168.68.1
    extra0:
      match:
        macaddress: "52:54:00:8d:f9:c3"
      optional: true
      dhcp-identifier: mac
      dhcp4: true
      dhcp4-overrides:
        route-metric: 200
`;

test('the accident is a lockout, at the line of the new address, with both ways out', () => {
  const judged = plan(ACCIDENT);
  expect(judged.verdict).toBe('lockout');
  expect(judged.findings[0]).toMatchObject({ code: 'address-lost', line: 9, column: 11, family: 4, interface: 'enp1s0' });
  const { way1, way2 } = advise(judged, facts);
  expect(plan(way1).verdict).toBe('safe');
  expect(plan(way1).interfaces.find(({ name }) => name === 'enp2s0')?.after?.addresses).toMatchObject([{ address: '192.168.68.20', prefix: 24 }, { how: 'ra' }]);
  expect(plan(way2).verdict).toBe('safe');
});

test('who is locked out already is not locked out by a change of something else', () => {
  const elsewhere = { ...facts, links: facts.links.map((link) => (link.mac !== facts.control.mac ? link : {
    ...link, addresses: [{ address: '192.168.68.20', prefix: 24, family: 4 as const, scope: 'global' as const, how: 'static' as const, validForS: null }],
  })) };
  const more = ACCIDENT.replace('optional: true', 'optional: false');
  const judged = compare(predict(at(ACCIDENT), elsewhere), predict(at(more), elsewhere), elsewhere);
  expect(judged.findings.find(({ code }) => code === 'lost-already')).toMatchObject({ verdict: 'caution', family: 4 });
  expect(judged.findings.filter(({ verdict }) => verdict === 'lockout')).toEqual([]);
});

test('way 1 as users have it moves the default route', () => {
  expect(codes(`${defaultCard('dhcp4: yes')}    extra0:
      match: {macaddress: "52:54:00:8d:f9:c3"}
      dhcp4: no
      addresses: [192.168.68.20/24]
      routes: [{to: 0.0.0.0/0, via: 192.168.68.1}]
`)).toContain('caution default-route-moves');
});

test('way 2 as users have it has no route and no name server', () => {
  expect(codes(defaultCard('dhcp4: no\naddresses: [192.168.68.32/24]'))).toEqual(['caution no-default-route', 'caution no-dns']);
});

test('what changes nothing is safe', () => {
  expect(plan(launched)).toMatchObject({ verdict: 'safe', findings: [] });
});

test.each([
  ['another MAC to be found by', launched.replace('e7:46:6b', 'e7:46:6c'), 'lockout not-configured'],
  ['kept down', defaultCard('dhcp4: true\nactivation-mode: off'), 'lockout kept-down'],
  ['not brought up at boot', defaultCard('dhcp4: true\nactivation-mode: manual'), 'lockout down-at-boot'],
  ['left to NetworkManager, which is not there', defaultCard('dhcp4: true\nrenderer: NetworkManager'), 'lockout renderer-missing'],
  ['without DHCP', defaultCard('dhcp4: false'), 'lockout address-lost'],
  ['another MAC to ask with', defaultCard('dhcp4: true\nmacaddress: "52:54:00:00:00:01"'), 'lockout address-lost'],
  ['in a bridge that asks with its own MAC', `${defaultCard('dhcp4: false')}  bridges:\n    br0: {interfaces: [default], dhcp4: true}\n`, 'lockout address-lost'],
  ['in a bridge that asks with the card\'s MAC', `${defaultCard('dhcp4: false')}  bridges:\n    br0: {interfaces: [default], dhcp4: true, macaddress: "52:54:00:e7:46:6b"}\n`, 'caution moves-to-master'],
  ['a port with addresses of its own', `${defaultCard('dhcp4: true')}  bridges:\n    br0: {interfaces: [default]}\n`, 'unknown not-modelled'],
  ['a rename', defaultCard('dhcp4: true\nset-name: lan0'), 'unknown not-modelled'],
  ['the answers into a black hole', defaultCard('dhcp4: true\nroutes: [{to: 192.168.68.0/25, type: blackhole}]'), 'lockout replies-lost'],
  ['no network around the address', defaultCard('dhcp4: false\naddresses: [192.168.68.32/32]'), 'lockout replies-lost'],
  ['answers by another table', defaultCard('dhcp4: true\nrouting-policy: [{from: 192.168.68.32, table: 100}]'), 'unknown policy-applies'],
  ['the gateway\'s address', defaultCard('dhcp4: true\naddresses: [192.168.68.1/24]'), 'invalid gateway-address'],
  ['another instance\'s address', defaultCard('dhcp4: true\naddresses: [192.168.68.40/24]'), 'invalid address-taken'],
  ['the broadcast address', defaultCard('dhcp4: true\naddresses: [192.168.68.255/24]'), 'invalid broadcast-address'],
  ['the network\'s address', defaultCard('dhcp4: true\naddresses: [192.168.68.0/24]'), 'invalid network-address'],
  ['a subnet of the host\'s', defaultCard('dhcp4: true\naddresses: [10.96.3.5/24]'), 'invalid subnet-used-by-host'],
  ['a gateway off link', defaultCard('dhcp4: true\nroutes: [{to: 10.0.0.0/8, via: 172.16.0.1}]'), 'caution route-not-set'],
  ['a key twice', defaultCard('dhcp4: false\ndhcp4: true'), 'invalid key-twice'],
  ['a second document', `${launched}---\nnetwork: {}\n`, 'invalid second-document'],
  ['no IPv6 for a small MTU', defaultCard('dhcp4: true\nmtu: 1000'), 'caution mtu-small'],
  ['no routers listened to', defaultCard('dhcp4: true\naccept-ra: no'), 'caution address-lost'],
])('%s', (_, text, finding) => {
  expect(codes(text)).toContain(finding);
});

test('an interface that is not there is a caution when it comes with the change, and none of its own when it was there', () => {
  const early = `${launched}    enp77s0: {dhcp4: true}\n`;
  expect(codes(early)).toEqual(['caution matches-nothing']);
  const both = compare(predict(at(early), facts), predict([...at(early), ...at('network: {ethernets: {enp77s0: {mtu: 1400}}}', '/etc/netplan/60-lan.yaml')], facts), facts);
  expect([both.verdict, both.findings.map(({ code }) => code)]).toEqual(['safe', ['matches-nothing']]);
});

test('an address made of the prefix and the MAC is known to come back, whatever was seen of it', () => {
  const links = facts.links.map((link) => ({ ...link, addresses: link.addresses.map((each) => (each.how === 'ra' ? { ...each, how: 'unknown' as const } : each)) }));
  expect(plan(launched, { ...facts, links })).toMatchObject({ verdict: 'safe', findings: [] });
});

test('what networkd files of others may match is unknown', () => {
  expect(plan(launched, { ...facts, foreignNetworkFiles: ['05-mine.network'] }).verdict).toBe('unknown');
});
