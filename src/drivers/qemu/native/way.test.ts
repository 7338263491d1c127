import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseWay, findServer, requirePossibleMap } from './way.ts';

const C = { path: '/usr/lib/qemu/virtiofsd', version: 'virtiofsd version 7.2.9 (Debian 1:7.2+dfsg)' };
const RUST = { path: '/usr/libexec/virtiofsd', version: 'virtiofsd 1.13.2' };
const OLD = { path: '/usr/libexec/virtiofsd', version: 'virtiofsd backend 1.10.1' };

test('virtiofsd is taken where it can serve with the rights of who mounted', () => {
  expect(chooseWay(C, true)).toEqual({ kind: 'virtiofs', path: C.path, flavour: 'c', confinement: 'namespace' });
  expect(chooseWay(RUST, true)).toEqual({ kind: 'virtiofs', path: RUST.path, flavour: 'rust', confinement: 'namespace' });
  expect(chooseWay(RUST, false)).toEqual({ kind: 'virtiofs', path: RUST.path, flavour: 'rust', confinement: 'own' });
  expect(chooseWay({ ...RUST, version: 'virtiofsd 2.0.0' }, true)).toMatchObject({ flavour: 'rust' });
});

test('a plain user\'s daemon has QEMU do it where virtiofsd cannot; root\'s says what is missing', () => {
  for (const server of [C, OLD, undefined]) expect(chooseWay(server, false)).toEqual({ kind: '9p' });
  expect(() => chooseWay(OLD, true)).toThrow('cannot translate ids');
  expect(() => chooseWay(undefined, true)).toThrow('this host has no virtiofsd');
});

test('9p takes ids that stay what they are; who has other ones is told what to type', () => {
  const pairs = (uid: number, gid: number, guest = 1000) => ({ uids: [{ host: uid, guest }], gids: [{ host: gid, guest }] });
  const refusal = (of: ReturnType<typeof pairs>): unknown => {
    try {
      return requirePossibleMap({ kind: '9p' }, of);
    } catch (error) {
      return error;
    }
  };
  expect(refusal(pairs(1000, 1000))).toBeUndefined();
  expect(refusal(pairs(1001, 1001))).toMatchObject({
    code: 'not-supported', message: 'no id can be another one\'s in a native mount here, where QEMU\'s own 9p serves it: 1001:1000',
    hint: expect.stringMatching(/^map each to itself: -u 1001:1001 -g 1001:1001, by which the files are user 1001's in the instance too, .*; or leave --type out: a classic mount maps any$/) as string,
  });
  expect(refusal(pairs(1000, 100))).toMatchObject({ message: expect.stringContaining(': 100:1000') as string, hint: expect.stringContaining('-u 1000:1000 -g 100:100,') as string });
  expect(() => requirePossibleMap(chooseWay(C, true), pairs(1001, 1001, 33))).not.toThrow();
});

test('the first one on the path is asked what it is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-way-'));
  try {
    const path = join(directory, 'virtiofsd');
    await writeFile(path, '#!/bin/sh\necho virtiofsd 1.99.0\necho more\n');
    await chmod(path, 0o755);
    expect(await findServer(`relative:${directory}`)).toEqual({ path, version: 'virtiofsd 1.99.0' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
