/** A card that comes while its machine runs, where the machine had none on the host's networks: what is made for it, and what is left. It needs root. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { APOLLO, HERMES, makeHomeHost, type Daemon, type HomeHost } from './host-bench.ts';

/** Processes are slow to start on a busy host. */
const LONG = 120_000;

let bench: HomeHost;
let daemon: Daemon;
beforeEach(async () => {
  bench = await makeHomeHost();
  daemon = bench.daemon();
}, LONG);
afterEach(() => bench[Symbol.asyncDispose](), LONG);

const tap = async (): Promise<string> => `h${(await bench.key()).slice(0, 4)}-${APOLLO.id}1`;

test('nothing is made for a machine that needs nothing; what a later card is given goes with the run', async () => {
  await daemon.call('attach', await daemon.guest(APOLLO, []));
  expect(await bench.traces()).toEqual([]);
  await daemon.call('change', await daemon.guest(APOLLO, [null]));
  expect(await bench.traces()).toEqual(expect.arrayContaining([await tap(), `hf-${await bench.key()}`]));
  await daemon.call('release', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('it goes with the run too where another daemon has taken the machine over, though the card was taken out meanwhile', async () => {
  await daemon.call('attach', await daemon.guest(APOLLO, []));
  await daemon.call('change', await daemon.guest(APOLLO, [null]));
  await daemon[Symbol.asyncDispose]();
  const next = bench.daemon();
  await next.call('tidy', [APOLLO.id]);
  await next.call('attach', await next.guest(APOLLO, []));
  expect(await bench.traces()).toEqual([]);
  await next.call('change', await next.guest(APOLLO, [null]));
  await next.call('release', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);

test('with the last card on the home\'s network that is taken out the network goes, though its machine has others', async () => {
  await bench.host.run('ip', 'link', 'add', 'name', 'br0', 'type', 'bridge');
  const before = await bench.traces();
  await daemon.call('attach', await daemon.guest(APOLLO, ['br0']));
  const attached = await bench.traces();
  await daemon.call('change', await daemon.guest(APOLLO, ['br0', null]));
  await daemon.call('change', await daemon.guest(APOLLO, ['br0']));
  expect((await bench.traces()).filter((line) => !line.includes('forward'))).toEqual(attached);
  await daemon.call('change', await daemon.guest(APOLLO, []));
  await daemon.call('release', APOLLO.id);
  expect((await bench.traces()).filter((line) => !line.includes('forward'))).toEqual(before);
}, LONG);

test('a card that comes when its run has ended gets nothing', async () => {
  await daemon.attach(HERMES);
  const before = await bench.traces();
  await daemon.call('attach', await daemon.guest(APOLLO, []));
  await daemon.call('release', APOLLO.id);
  await expect(daemon.call('change', await daemon.guest(APOLLO, [null]))).rejects.toThrow('apollo has ended');
  expect(await bench.traces()).toEqual(before);
}, LONG);
