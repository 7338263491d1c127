import { expect, test } from 'vitest';
import { confinedCommand } from './confined.ts';

const given = { source: '/srv/a,b\\c', person: { uid: 1000, gid: 100 }, guest: { uid: 1001, gid: 33 }, socketPath: '/r/fs0', machineUid: 1_900_000_007 };
const words = (way: Partial<Parameters<typeof confinedCommand>[0]['way']>, machineUid: number | null = given.machineUid) =>
  confinedCommand({ ...given, machineUid, way: { kind: 'virtiofs', path: '/v', flavour: 'c', confinement: 'namespace', ...way } }, 'x64')?.args.slice(3);

test('the one that came with QEMU is the guest\'s user in its namespace', () => {
  expect(words({})).toEqual(['/r/fs0', '1900000007', '1000:100', '1001:33', '/v', '-f', '--rlimit-nofile=0', '-o', String.raw`source=/srv/a\,b\\c`, '-o', 'sandbox=namespace', '-o', 'log_level=err']);
});

test('the one that followed is root in its namespace, and says whose is whose itself', () => {
  const translated = ['--translate-uid=squash-guest:0:0:4294967295', '--translate-uid=host:0:1001:1', '--translate-gid=squash-guest:0:0:4294967295', '--translate-gid=host:0:33:1'];
  const own = ['/v', '--shared-dir=/srv/a,b\\c', '--sandbox=namespace', '--log-level=error', '--rlimit-nofile=0', ...translated];
  expect(words({ flavour: 'rust' })).toEqual(['/r/fs0', '1900000007', '1000:100', '0:0', ...own]);
  expect(words({ flavour: 'rust', confinement: 'own' }, null)).toEqual(['/r/fs0', '-', '1000:100', '-', ...own]);
});

test('a processor whose calls are not known has none', () => {
  expect(confinedCommand({ ...given, way: { kind: 'virtiofs', path: '/v', flavour: 'c', confinement: 'namespace' } }, 'riscv64')).toBeUndefined();
});
