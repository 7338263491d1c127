/** Zones that become unavailable and available again, on a real daemon with fake machines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WireAction, WireLaunch } from '../../src/api/schemas.ts';
import { ZONE_STEPS } from '../../src/daemon/zones/change-zones.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(async () => { home = await makeFakeHome(); });
afterEach(async () => { await home[Symbol.asyncDispose](); });

const LONG = { timeout: 60_000 };
const follow = async (begun: Promise<{ id: string }>) => await home.client.follow((await begun).id, () => {});
const launch = (name: string, more: Partial<WireLaunch> = {}) => home.client.call('launch', { body: { name, image: `sha256:${home.image}`, cold: true, ...more } });
const act = (name: string, body: WireAction) => home.client.call('act', { params: { name }, body });
const change = (zones: string[], available: boolean) => home.client.call('changeZones', { body: { zones, available } });
const states = async () => Object.fromEntries((await home.client.call('listInstances', {})).instances.map(({ name, state, zone }) => [name, `${state} in ${zone.name}${zone.available ? '' : '(n/a)'}`]));
const machines = async () => (await home.processes()).filter((line) => line.includes('machine-process')).length;

test('what runs in a zone that is made unavailable is off at once, and comes back with it; what was stopped stays so', LONG, async () => {
  await home.start();
  expect((await home.client.call('listZones', {})).zones).toEqual(['zone1', 'zone2', 'zone3'].map((name, index) => ({ name, available: true, subnet: `10.107.${31 + index}.0/24` })));
  await follow(launch('apollo'));
  await follow(launch('hermes', { zone: '2' }));
  await follow(launch('zeus'));
  await follow(act('zeus', { action: 'stop' }));
  expect(await states()).toEqual({ apollo: 'Running in zone1', hermes: 'Running in zone2', zeus: 'Stopped in zone1' });
  expect((await follow(change(['1'], false))).error).toBeNull();
  expect(await states()).toEqual({ apollo: 'Unavailable in zone1(n/a)', hermes: 'Running in zone2', zeus: 'Unavailable in zone1(n/a)' });
  expect(await machines()).toBe(1);
  await expect(act('apollo', { action: 'start' })).rejects.toMatchObject({ code: 'wrong-state', message: 'Cannot start apollo: its zone is unavailable' });
  await home.kill();
  await home.start();
  expect((await states())['apollo']).toBe('Unavailable in zone1(n/a)');
  expect((await follow(change(['zone1'], true))).error).toBeNull();
  expect(await states()).toEqual({ apollo: 'Running in zone1', hermes: 'Running in zone2', zeus: 'Stopped in zone1' });
});

test('one that was stopped on purpose meanwhile does not come back, one that was suspended is so again', LONG, async () => {
  await home.start();
  await follow(launch('apollo'));
  await follow(launch('hermes'));
  await follow(act('hermes', { action: 'suspend' }));
  await follow(change(['zone1'], false));
  await follow(act('apollo', { action: 'stop' }));
  await follow(change(['zone1'], true));
  expect(await states()).toEqual({ apollo: 'Stopped in zone1', hermes: 'Suspended in zone1' });
});

test('a launch goes to the first that is available, and is refused where there is none or it is named', LONG, async () => {
  await home.start();
  await follow(change(['zone1'], false));
  expect(await follow(launch('apollo'))).toMatchObject({ error: null, result: { name: 'apollo', zone: 'zone2' } });
  await expect(launch('hermes', { zone: 'zone1' })).rejects.toMatchObject({ message: 'zone "zone1" is not available' });
  await expect(launch('hermes', { zone: 'zone9' })).rejects.toMatchObject({ code: 'not-found', message: 'zone "zone9" does not exist' });
  await follow(change(['1', '2', '3'], false));
  await expect(launch('hermes')).rejects.toMatchObject({ message: 'no zone is available' });
});

test('of a launch that is under way nothing runs in its zone any more, however far it was', LONG, async () => {
  await home.start();
  const { id } = await launch('apollo');
  await follow(change(['zone1'], false));
  await home.client.follow(id, () => {});
  const left = (await states())['apollo'];
  expect([undefined, 'Unavailable in zone1(n/a)']).toContain(left);
  expect(await machines()).toBe(0);
  await follow(change(['zone1'], true));
  expect((await states())['apollo']).toBe(left === undefined ? undefined : 'Running in zone1');
});

describe('a daemon that dies over it', () => {
  test.each(ZONE_STEPS.map((step) => [step]))('at %s leaves it to the next', LONG, async (step) => {
    await home.start();
    await follow(launch('apollo'));
    await home.kill();
    await home.start(`zones:${step}`);
    const { id } = await change(['zone1'], false);
    await home.died();
    await home.start();
    expect((await home.client.follow(id, () => {})).error).toBeNull();
    expect(await states()).toEqual({ apollo: 'Unavailable in zone1(n/a)' });
    expect(await machines()).toBe(0);
    await follow(change(['zone1'], true));
    expect(await states()).toEqual({ apollo: 'Running in zone1' });
  });
});
