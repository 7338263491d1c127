import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GuestAccess } from '../../guest/access.ts';
import type { CardNetworks } from '../card-networks.ts';
import type { MachineEnd, MachineSpec } from '../driver.ts';
import { HeldMachines } from './held-machines.ts';
import type { Hypervisor } from './hypervisor.ts';
import { machineFiles } from './layout.ts';
import { MachineCards } from './machine-cards.ts';
import { UrgentTurns } from './urgent-turns.ts';

const MACHINE: MachineSpec = {
  id: '00c0ffee', name: 'apollo', instanceId: 'holdfast-00c0ffee', architecture: 'x86_64', timezone: 'UTC', userData: undefined,
  spec: { cpus: 1, memoryBytes: 1, diskBytes: 1, imageDigest: 'none', imageFormat: 'raw', mac: '52:54:00:12:34:56', subnetIndex: 9, network: { kind: 'bridge', address: '10.107.31.2' } },
};
const GUEST = { [Symbol.asyncDispose]: () => Promise.resolve() } as Partial<GuestAccess> as GuestAccess;

let directory: string;
let done: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hf-held-'));
  done = [];
});
afterEach(() => {
  vi.useRealTimers();
  return rm(directory, { recursive: true, force: true });
});

/** As a daemon holds a machine that it takes over. @returns what ends it, or without an end lets go of it */
async function hold(attach: CardNetworks['attach'], machine = MACHINE): Promise<(end: MachineEnd | undefined) => Promise<void>> {
  const gone = Promise.withResolvers<void>();
  const hypervisor: { readonly gone: Promise<void>; readonly on: Hypervisor['on']; readonly askGuestBy: Hypervisor['askGuestBy']; end: MachineEnd | undefined } = { gone: gone.promise, on: () => () => {}, askGuestBy: () => {}, end: undefined };
  const networks: CardNetworks = {
    plugOf: () => ({ kind: 'tap', name: 'tap' }), change: () => Promise.resolve(), attach,
    detach: (id) => { done.push(`detach ${id}`); return Promise.resolve(); },
  };
  const machines = new HeldMachines({ holdGuest: () => GUEST, defaultUser: 'ubuntu', log: (_id, cause) => done.push(cause) }, new MachineCards(networks), new UrgentTurns());
  const files = machineFiles({ instancesDir: directory, runDir: directory, acceleratorFile: '', templatesDir: '', layersDir: '' }, MACHINE.id);
  await machines.hold(machine, files, { hypervisor: hypervisor as unknown as Hypervisor, accelerator: 'tcg', startedAt: '', notice: null, adopted: true });
  await soon();
  return async (end) => {
    hypervisor.end = end;
    gone.resolve();
    await soon();
  };
}

function soon(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}

const release = () => { done.push('release'); return Promise.resolve(); };
const OFF: MachineEnd = { kind: 'powered-off' };

test('what a machine was attached to is given back when it has ended', async () => {
  const end = await hold(() => Promise.resolve(release));
  await end(OFF);
  expect(done).toEqual(['release']);
});

test('so is what a card is given that comes while it runs, though it had no such card at its start', async () => {
  const { network: _, ...spec } = MACHINE.spec;
  const end = await hold(() => Promise.resolve(release), { ...MACHINE, spec });
  await end(OFF);
  expect(done).toEqual(['release']);
});

test('what an earlier daemon attached is given back too, where it could not be attached again', async () => {
  const end = await hold(() => Promise.reject(new Error('there is no such bridge')));
  await end(OFF);
  expect(done).toEqual(['network-absent', 'detach 00c0ffee']);
});

test('a machine that ends while it is being attached waits for nothing before it is detached: what is attached next is a later run\'s', async () => {
  const attaching = Promise.withResolvers<typeof release>();
  const end = await hold(() => attaching.promise);
  await end(OFF);
  expect(done).toEqual(['detach 00c0ffee']);
  attaching.reject(new Error('there is no such bridge'));
  await soon();
  expect(done).toEqual(['detach 00c0ffee']);
});

test('what it is plugged into is made as soon as it can be, and given back then', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const attach = vi.fn<CardNetworks['attach']>().mockRejectedValueOnce(new Error('port 53 is taken')).mockResolvedValue(release);
  const end = await hold(attach);
  expect(done).toEqual(['network-absent']);
  await vi.advanceTimersByTimeAsync(2_000);
  await end(OFF);
  expect(done).toEqual(['network-absent', 'release']);
  expect(attach).toHaveBeenCalledTimes(2);
});

test('what cannot be given back is told', async () => {
  const end = await hold(() => Promise.resolve(() => Promise.reject(new Error('the lock is taken'))));
  await end(OFF);
  expect(done).toEqual(['network-left']);
});

test('one that is only let go of keeps what it has, though it could not be attached again', async () => {
  const letGo = await hold(() => Promise.reject(new Error('there is no such bridge')));
  await letGo(undefined);
  expect(done).toEqual(['network-absent']);
});
