/** A home's network where something does not work, on a host that is a namespace: what is told, what is tried again, and what is left. It needs root. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeHomeHost, type HomeHost } from './host-bench.ts';

/** Processes are slow to start on a busy host. */
const LONG = 120_000;

let bench: HomeHost;
beforeEach(async () => { bench = await makeHomeHost(); }, LONG);
afterEach(() => bench[Symbol.asyncDispose](), LONG);

const REFUSES = '#!/bin/sh\necho "failed to create listening socket: Address already in use"\nexit 1\n';

test('a network that does not come up is no network at the next attempt either, in the same boot of the host', async () => {
  const daemon = bench.daemon(await bench.program('refuses', REFUSES));
  for (const _attempt of [1, 2]) expect(await daemon.call('whyNot')).toMatch(/Address already in use/);
  expect(await bench.daemon().call('whyNot')).toBeUndefined();
}, LONG);
