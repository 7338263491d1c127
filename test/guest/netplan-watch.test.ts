/** Netplan's files changed by hand in a guest: told at once, and told apart from what Holdfast does. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NetplanReport } from '../../src/guest/report.ts';
import { parseReport } from '../../src/guest/report-parser.ts';
import { CLOUD_INIT, netguardGuest, type NetguardGuest } from './stand-in/netguard-guest.ts';

let guest: NetguardGuest;
let told: NetplanReport[];
let stop: () => void;
let pid: number;

beforeEach(async () => {
  guest = await netguardGuest();
  told = [];
  const reporter = guest.start('report');
  pid = reporter.pid ?? 0;
  stop = () => { reporter.stdin?.end(); };
  if (reporter.stdout === null) throw new Error('no output');
  createInterface({ input: reporter.stdout }).on('line', (line) => {
    const parsed = parseReport(line);
    if ('refused' in parsed) throw new Error(parsed.refused);
    if (parsed.report.type === 'netplan') told.push(parsed.report);
  });
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1);
});
afterEach(async () => {
  stop();
  await guest[Symbol.asyncDispose]();
});

const next = async (reports: number): Promise<NetplanReport> => {
  const since = performance.now();
  await expect.poll(() => told.length, { timeout: 10_000, interval: 10 }).toBeGreaterThanOrEqual(reports);
  expect(performance.now() - since).toBeLessThan(2_000);
  const last = told.at(-1);
  if (last === undefined) throw new Error('nothing was told');
  return last;
};

test('the first report has all files, as they are', () => {
  expect(told[0]).toMatchObject({
    first: true, transaction: null, omitted: 0, trouble: null,
    files: [{ path: CLOUD_INIT, mode: 0o640, uid: 12, gid: 34, text: 'ADDRESS 10.9.0.2/24\n' }, { path: '/etc/netplan/60-other.yaml' }],
  });
});

test('a file written anew, renamed into its place as editors do, or given other rights is told within two seconds, once', async () => {
  guest.write('/etc/netplan/80-mine.yaml', 'a: 1\n');
  expect(await next(2)).toMatchObject({ first: false, transaction: null, files: [{}, {}, { path: '/etc/netplan/80-mine.yaml', text: 'a: 1\n' }] });
  const path = `${guest.root}/etc/netplan/80-mine.yaml`;
  renameSync(path, `${path}~`);
  writeFileSync(`${path}.swp`, 'a: 2\n');
  writeFileSync(`${path}.new`, 'a: 2\n');
  renameSync(`${path}.new`, path);
  expect(await next(3)).toMatchObject({ files: [{}, {}, { text: 'a: 2\n' }] });
  chmodSync(path, 0o600);
  expect(await next(4)).toMatchObject({ files: [{}, {}, { mode: 0o600 }] });
  rmSync(path);
  const last = await next(5);
  expect(last.digest).toBe(told[0]?.digest);
  await sleep(600);
  expect(told).toHaveLength(5);
});

test('directories that come and go are watched from then on', async () => {
  mkdirSync(`${guest.root}/run/netplan`);
  guest.write('/run/netplan/90-run.yaml', 'b: 1\n');
  expect(await next(2)).toMatchObject({ files: [{ path: '/run/netplan/90-run.yaml', text: 'b: 1\n' }, {}, {}] });
  renameSync(`${guest.root}/etc/netplan`, `${guest.root}/etc/netplan.old`);
  expect((await next(3)).files).toHaveLength(1);
  renameSync(`${guest.root}/etc/netplan.old`, `${guest.root}/etc/netplan`);
  expect((await next(4)).files).toHaveLength(3);
  guest.write('/etc/netplan/60-other.yaml', 'c: 1\n');
  expect(await next(5)).toMatchObject({ files: [{}, {}, { text: 'c: 1\n' }] });
});

test('what a network change of Holdfast\'s writes carries its name; what a hand writes then does not', async () => {
  await guest.ask('begin', { id: 'lan', confirmWithinMs: 60_000, how: 'reload', setAside: [], write: [{ path: '/etc/netplan/70-lan.yaml', content: Buffer.from('d: 1\n').toString('base64') }] });
  expect(await next(2)).toMatchObject({ transaction: 'lan', files: [{ path: '/run/netplan/70-lan.yaml' }, {}, {}] });
  await guest.ask('commit', { id: 'lan' });
  expect(await next(3)).toMatchObject({ transaction: 'lan', files: [{}, {}, { path: '/etc/netplan/70-lan.yaml', text: 'd: 1\n' }] });
  guest.write('/etc/netplan/70-lan.yaml', 'd: 2\n');
  expect(await next(4)).toMatchObject({ transaction: null });
});

test('files that are too many or too large are told without what does not fit', async () => {
  for (let index = 10; index < 40; index += 1) guest.write(`/etc/netplan/${index}-${'long'.repeat(20)}.yaml`, `${'#'.repeat(2_000)}\n`);
  const last = await next(2);
  expect(last.files.length + last.omitted).toBe(32);
  expect(last.files.some(({ text }) => text === null)).toBe(true);
});

test('it takes nothing while nothing happens', async () => {
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await sleep(3_000);
  expect(ticks() - before).toBeLessThanOrEqual(3);
});
