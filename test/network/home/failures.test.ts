/** A home's network where something does not work, on a host that is a namespace: what is told, what is tried again, and what is left. It needs root. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { APOLLO, HERMES, makeHomeHost, type HomeHost } from './host-bench.ts';

/** Processes are slow to start on a busy host. */
const LONG = 120_000;

let bench: HomeHost;
beforeEach(async () => { bench = await makeHomeHost(); }, LONG);
afterEach(() => bench[Symbol.asyncDispose](), LONG);

const REFUSES = '#!/bin/sh\necho "failed to create listening socket: Address already in use"\nexit 1\n';

test('a network that does not come up is no network at the next attempt either, in the same boot of the host', async () => {
  const daemon = bench.daemon(await bench.program('refuses', REFUSES));
  expect(await daemon.call('whyNot')).toMatch(/Address already in use/);
  expect(await bench.traces(), 'what was made for the attempt').toEqual([]);
  expect(await daemon.call('whyNot')).toMatch(/Address already in use/);
  expect(await bench.daemon().call('whyNot')).toBeUndefined();
}, LONG);

test('a machine that could not be attached leaves nothing; where others are, it leaves them as they were', async () => {
  const failing = bench.daemon(await bench.program('refuses', REFUSES));
  await expect(failing.attach(APOLLO)).rejects.toThrow('Address already in use');
  expect(await bench.traces()).toEqual([]);
  await failing[Symbol.asyncDispose]();
  const daemon = bench.daemon(await bench.program('fails-in-zone2', '#!/bin/sh\ncase "$*" in *zone2*) echo not in zone2; exit 1 ;; esac\nexec dnsmasq "$@"\n'));
  await daemon.attach(APOLLO);
  const before = await bench.traces();
  await expect(daemon.attach(HERMES, 'zone2')).rejects.toThrow('not in zone2');
  expect(await bench.traces()).toEqual(before);
  expect(await bench.host.run('nft', 'list', 'ruleset')).not.toContain(HERMES.mac);
  await daemon.call('detach', HERMES.id);
  await daemon.call('detach', APOLLO.id);
  expect(await bench.traces()).toEqual([]);
}, LONG);
