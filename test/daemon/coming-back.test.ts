/** Many come back at once, and some do not: in what order, and what becomes of the others. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { comeBack } from '../../src/daemon/instances/come-back.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { StubHost } from './stub-host.ts';

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }); });
afterEach(() => { vi.useRealTimers(); });

const states = (house: House) => Object.fromEntries(house.registry.all.map(({ name, state }) => [name, state]));

/** Operations begin in a turn of their own, which is real. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

function wanted(host: StubHost, house: House, names: readonly string[]): void {
  for (const name of names) host.add(house, name).want({ running: true });
}

test('guests that boot and never answer do not keep the others waiting until they are given up', async () => {
  const host = new StubHost();
  const house = host.daemon();
  const dead = ['d1', 'd2', 'd3', 'd4'];
  host.answers = (name) => !dead.includes(name);
  wanted(host, house, [...dead, 'well', 'whole']);
  const coming = comeBack(house, 'the host\'s restart');
  await pass(130);
  expect(states(house)).toEqual({ d1: 'Starting', d2: 'Starting', d3: 'Starting', d4: 'Starting', well: 'Running', whole: 'Running' });
  await pass(600);
  expect((await coming).map((why) => why.split(' ')[0])).toEqual(dead);
  expect(states(house)).toEqual({ d1: 'Running', d2: 'Running', d3: 'Running', d4: 'Running', well: 'Running', whole: 'Running' });
});
