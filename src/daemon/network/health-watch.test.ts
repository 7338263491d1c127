import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LinkFacts } from '../../core/network-health.ts';
import { HealthWatch } from './health-watch.ts';

const EXPECTED = { mac: '52:54:00:00:00:01', address: '10.1.1.2' };
const links = (address: string): LinkFacts[] => [{ name: 'enp1s0', mac: EXPECTED.mac, up: true, carrier: true, addresses: [{ address, family: 4, scope: 'global', prefix: 24 }] }];

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

function watched(): { readonly health: HealthWatch; readonly told: string[] } {
  const told: string[] = [];
  return { told, health: new HealthWatch((network, seen) => { told.push(`${network.health} ${seen?.[0]?.addresses[0]?.address ?? ''}`); }) };
}

test('a change is told at once, and the same is not told again', () => {
  const { health, told } = watched();
  health.judge(undefined, EXPECTED);
  expect(told).toEqual([]);
  health.judge(links('10.1.1.2'), EXPECTED);
  health.judge(links('10.1.1.2'), EXPECTED);
  expect(told).toEqual(['ok 10.1.1.2']);
});

test('of changes without end one a second is told, the newest; what it is now is known at once', async () => {
  const { health, told } = watched();
  for (let number = 1; number <= 1000; number += 1) {
    health.judge(links(`10.9.${number % 4}.${number % 200 + 1}`), EXPECTED);
    await vi.advanceTimersByTimeAsync(10);
  }
  health.judge(links('10.1.1.2'), EXPECTED);
  expect(health.network.health).toBe('ok');
  await vi.advanceTimersByTimeAsync(2000);
  expect(told.length).toBeGreaterThan(9);
  expect(told.length).toBeLessThan(13);
  expect(told.at(-1)).toBe('ok 10.1.1.2');
});

test('what was so before it was told is not told, and nothing is when nobody watches any more', async () => {
  const { health, told } = watched();
  health.judge(links('10.1.1.2'), EXPECTED);
  health.judge(links('10.9.9.9'), EXPECTED);
  health.judge(links('10.1.1.2'), EXPECTED);
  await vi.advanceTimersByTimeAsync(2000);
  health.judge(links('10.9.9.9'), EXPECTED);
  health.judge(links('10.9.9.8'), EXPECTED);
  health[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(2000);
  expect(told).toEqual(['ok 10.1.1.2', 'changed 10.9.9.9']);
});
