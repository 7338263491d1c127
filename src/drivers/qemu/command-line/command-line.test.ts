import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { userSubnet } from '../../../core/subnets.ts';
import { machineFiles } from '../layout.ts';
import { commandLine } from './command-line.ts';
import { escaped, type CommandLineInput } from './input.ts';

const { directory: _directory, disk, seed, run: sockets } = machineFiles({ instancesDir: '/h/instances', runDir: '/r', acceleratorFile: '/h/accelerators.json', templatesDir: '/h/templates', layersDir: '/h/layers' }, '00c0ffee');
const input: CommandLineInput = {
  architecture: 'x86_64', accelerator: 'kvm', hostSystem: 'linux', machineType: 'pc-q35-7.2', name: 'apollo',
  uuid: '686f6c64-6661-8374-8000-000000c0ffee', cpus: 2, memoryBytes: 1024 ** 3, memory: { kind: 'own' },
  cards: [{ slot: 0, mac: '52:54:00:12:34:56', backend: { kind: 'user', subnet: userSubnet(7) } }], base: { path: '/h/images/0123.qcow2', format: 'qcow2' }, disk, seed, sockets, firmware: undefined,
};
const bridged: CommandLineInput['cards'] = [
  { slot: 0, mac: '52:54:00:12:34:56', backend: { kind: 'tap', name: 'h1a2b-00c0ffee0' } },
  { slot: 3, mac: '52:54:00:ab:cd:ef', backend: { kind: 'tap', name: 'g1a2b-00c0ffee3' } },
];
const arm: CommandLineInput = { ...input, architecture: 'aarch64', machineType: 'virt-7.2', firmware: { code: '/fw/code.fd', variables: '/h/instances/00c0ffee/firmware-vars.fd' } };

/** One option and its value per line, as a person reads it. */
function readable(words: readonly string[]): string {
  return `${words.join(' ').replaceAll(/ (?=-[a-z-S])/g, '\n')}\n`;
}

test.each([
  ['linux-x86_64', input],
  ['linux-x86_64-tcg', { ...input, accelerator: 'tcg' }],
  ['linux-x86_64-bridge', { ...input, cards: bridged }],
  ['linux-x86_64-native', { ...input, memory: { kind: 'shared' }, shares: [
    { index: 0, tag: 'holdfast0', filesystem: 'virtiofs', socketPath: '/r/00c0ffee/fs0' }, { index: 7, tag: 'holdfast7', filesystem: '9p', source: '/srv/a,b' },
  ] }],
  ['linux-aarch64', arm],
  ['linux-aarch64-tcg', { ...arm, accelerator: 'tcg' }],
  ['darwin-aarch64', { ...arm, accelerator: 'hvf', hostSystem: 'darwin' }],
] as [string, CommandLineInput][])('the command line of %s is the one that was reviewed', (name, given) => {
  expect(readable(commandLine(given))).toBe(readFileSync(new URL(`golden/${name}.txt`, import.meta.url), 'utf8'));
});

test('a fork on the bridge is started without cards and without what they are plugged into: both come later', () => {
  const words = commandLine({ ...input, cards: bridged, memory: { kind: 'fork', path: '/ram', readOnly: true } });
  expect(words.filter((word) => word === '-netdev' || word.includes('virtio-net'))).toEqual([]);
});

test('a comma in a path stays part of the path', () => {
  expect(escaped('/a,b')).toBe('/a,,b');
  const words = commandLine({ ...input, name: 'x', disk: '/a,"b/disk' });
  expect(words.some((word) => word.includes(String.raw`"filename":"/a,\"b/disk"`))).toBe(true);
});
