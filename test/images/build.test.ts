/**
 * Builds real images. Minutes, not seconds: the packages come from a mirror, so HOLDFAST_TEST_CACHE may name a
 * directory that keeps them from run to run.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveLocal } from '../../src/core/catalogue/local.ts';
import { buildDebian, type BuildRequest } from '../../src/images/build/build-debian.ts';
import { openImageStore } from '../../src/images/store.ts';
import { ALL, pick } from '../rotation.ts';

const BUILD_MS = 600_000;
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-build-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

function build(what: string, more: Partial<BuildRequest> = {}) {
  const cache = process.env['HOLDFAST_TEST_CACHE'];
  const setup = {
    store: openImageStore(join(home, 'images')),
    assetsDir: join(import.meta.dirname, '../../src/images/build'),
    buildDir: join(home, 'builds'),
    packageCacheDir: cache === undefined ? undefined : join(cache, what.replace(':', '-')),
    env: process.env,
    now: () => new Date(),
  };
  const request: BuildRequest = { what, architecture: 'x86_64', force: false, signal: new AbortController().signal, progress: () => {}, ...more };
  return { store: setup.store, entry: buildDebian(setup, request) };
}

/** The tests on real VMs build the default one besides. */
const RELEASES = ['12', '13'];

describe.each(ALL ? RELEASES : [pick(RELEASES)])('debian:%s', (release) => {
  test('is built, tells its stages, is found by its alias, and is not built twice', { timeout: BUILD_MS }, async () => {
    const fractions: number[] = [];
    const { store, entry } = build(`debian:${release}`, { progress: (_stage, fraction) => fractions.push(fraction ?? 0) });
    const built = await entry;
    expect(built).toMatchObject({ format: 'qcow2', os: 'debian', release });
    expect(built.fileBytes).toBeLessThan(250 * 1024 * 1024);
    expect(fractions.length).toBeGreaterThan(6);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(resolveLocal(`local:debian-${release}`, await store.list(), 'x86_64')).toEqual(built);
    expect(await readdir(join(home, 'builds'))).toEqual([]);
    const again = performance.now();
    expect(await build(`debian:${release}`).entry).toEqual(built);
    expect(performance.now() - again).toBeLessThan(2000);
    await looksRight(store.pathOf(built), join(home, 'disk.raw'));
  });
});

/** Firmware is not run here (the end-to-end tests boot it); but what makes a disk boot and be neutral is looked at. */
async function looksRight(qcow2: string, raw: string): Promise<void> {
  execFileSync('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', qcow2, raw]);
  await using file = await open(raw);
  const head = Buffer.alloc(1024);
  await file.read(head, 0, head.length, 0);
  expect(head.subarray(512, 520).toString('latin1')).toBe('EFI PART');
  const esp = execFileSync('mdir', ['-b', '-i', `${raw}@@4M`, '::/EFI/BOOT'], { encoding: 'utf8', env: { ...process.env, MTOOLS_SKIP_CHECK: '1' } });
  expect(esp).toMatch(/BOOTX64\.EFI/i);
  const root = `${raw}?offset=${68 * 1024 * 1024}`;
  const debugfs = (command: string): string =>
    execFileSync('debugfs', ['-R', command, root], { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` } });
  expect(debugfs('cat /etc/machine-id')).toBe('');
  expect(debugfs('ls -p /etc/ssh')).not.toMatch(/ssh_host_/);
  expect(debugfs('cat /etc/shadow')).toMatch(/^root:[!*]/m);
  expect(debugfs('cat /boot/grub/grub.cfg')).toMatch(/console=ttyS0,115200/);
  expect(debugfs('ls -p /root')).not.toMatch(/recipe/);
  expect(debugfs('stat /usr/bin/sudo')).toMatch(/Mode:\s+0?4755[\s\S]*User:\s+0/);
  await rm(raw);
}

test('a cancelled build stops its programs and leaves nothing behind', { timeout: 120_000 }, async () => {
  const abort = new AbortController();
  const progress = (stage: string): void => {
    if (stage.startsWith('Installing the base')) abort.abort();
  };
  await expect(build('debian:12', { force: true, signal: abort.signal, progress }).entry).rejects.toMatchObject({ code: 'cancelled' });
  expect(await readdir(join(home, 'builds'))).toEqual([]);
});

test('a mirror that does not answer is named', { timeout: 120_000 }, async () => {
  const { entry } = build('debian:12', { force: true, mirror: 'http://127.0.0.1:9/debian', securityMirror: 'none' });
  await expect(entry).rejects.toMatchObject({ code: 'image-build-failed', hint: expect.stringContaining('http://127.0.0.1:9/debian') as string });
  expect(await readdir(join(home, 'builds'))).toEqual([]);
});
