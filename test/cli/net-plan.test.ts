/** `holdfast net plan --offline`, as built: without a daemon. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBench, type Bench } from './bench-cli.ts';

const mac = '52:54:00:e7:46:6b';
const launched = `network:\n  ethernets:\n    default:\n      match: {macaddress: "${mac}"}\n      dhcp4: true\n`;
const FACTS = {
  netplanVersion: '0.106',
  links: [{ name: 'enp1s0', mac, addresses: [{ address: '192.168.68.32/24', how: 'dhcp' }] }],
  control: { mac, addresses: ['192.168.68.32'], network: { subnets: ['192.168.68.0/24'], gateways: ['192.168.68.1'], dns: ['192.168.68.1'], gives: ['192.168.68.32'] } },
};

let bench: Bench;
let guest: string;
let facts: string;

beforeAll(async () => {
  bench = await makeBench();
  guest = join(bench.home, 'guest');
  mkdirSync(join(guest, 'etc/netplan'), { recursive: true });
  writeFileSync(join(guest, 'etc/netplan/50-cloud-init.yaml'), launched);
  facts = join(bench.home, 'facts.json');
  writeFileSync(facts, JSON.stringify(FACTS));
});
afterAll(() => bench[Symbol.asyncDispose]());

const plan = (text: string, ...more: string[]) => bench.run(['net', 'plan', '--offline', guest, '--links', facts, '--as', '50-cloud-init.yaml', ...more, '-'], text);

test('the file that is there changes nothing', async () => {
  expect(await plan(launched)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('safe: the host goes on reaching the guest') });
});

test('a lockout is told with its place, and ends with both ways out', async () => {
  const { code, stdout } = await plan(launched.replace('dhcp4: true', 'addresses: [192.168.68.20/24]'));
  expect(code).toBe(11);
  expect(stdout).toMatch(/^LOCKOUT {3}\/etc\/netplan\/50-cloud-init.yaml:5:19: IPv4: the host reaches the guest at 192.168.68.32/);
  expect(stdout).toContain('# Way 1:');
  expect(stdout).toContain('- 192.168.68.32/24');
});

test('for programs the same is JSON', async () => {
  const { code, stdout } = await plan(launched.replace('dhcp4: true', 'dhcp4: true\n      mtu: 1000'), '--format', 'json');
  expect(code).toBe(10);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'caution', findings: [{ code: 'mtu-small', line: 6, column: 7 }], interfaces: [{ name: 'enp1s0', role: 'default', changed: true }] });
});

test('an interface that is not there is no safe one to configure', async () => {
  const { code, stdout } = await plan(`${launched}    enp77s0: {dhcp4: true}\n`);
  expect([code, stdout]).toEqual([10, expect.stringContaining('enp77s0 matches no interface that the guest has') as string]);
});

test('what netplan refuses is refused, with line and column', async () => {
  const { code, stdout } = await plan('network:\n\tethernets: {}\n');
  expect(code).toBe(12);
  expect(stdout).toContain('INVALID   /etc/netplan/50-cloud-init.yaml:2:1: a tab cannot indent in YAML; use spaces');
});

test('what cannot be told is unknown', async () => {
  expect(await plan(launched.replace('dhcp4: true', 'dhcp4: true\n      set-name: lan0'))).toMatchObject({ code: 13 });
});

test.each([
  [['net', 'plan'], 1, 'holdfast net plan <name> <file>'],
  [['net', 'plan', '--offline', '/nowhere'], 1, 'net plan --offline needs --links'],
  [['net', 'list', 'apollo', '--replace'], 1, '--replace does not belong to "net list"'],
])('%j is told what it lacks', async (words, code, said) => {
  const ran = await bench.run(words);
  expect(ran.code).toBe(code);
  expect(ran.stderr).toContain(said);
});

test('a directory that is not there, and facts that are none, are named', async () => {
  const [nowhere, none] = await Promise.all([
    bench.run(['net', 'plan', '--offline', '/nowhere', '--links', facts]),
    bench.run(['net', 'plan', '--offline', guest, '--links', '-'], '{"links": [{"mac": "x"}]}'),
  ]);
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot read the directory /nowhere') });
  expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('links[0].name is not the name of an interface') });
});
