import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostBootId } from '../process/identity.ts';
import { HomeRecord } from './home-record.ts';

let home: string;
beforeEach(async () => { home = await mkdtemp(join(tmpdir(), 'hf-record-')); });
afterEach(() => rm(home, { recursive: true, force: true }));

const SWITCHED = { ipv4: true, ipv6: true, listening: ['eth0'] };

async function recorded(more: object): Promise<HomeRecord> {
  await mkdir(join(home, 'network'));
  await writeFile(join(home, 'network', 'network.json'), JSON.stringify({ version: 1, key: '1a2b3c4d5e6f708192a3b4c5d6e7f809', home, subnet: '10.107.31.0/24', workedIn: null, told: null, switched: SWITCHED, ...more }));
  return new HomeRecord(home, join(home, 'network'));
}

test.each([['of another boot of the host', { switchedIn: 'another' }], ['of before that was written down', {}]])('what a record %s says to be switched on was not switched on in this one', async (_, more) => {
  expect(await (await recorded(more)).switchedEarlier()).toEqual({ ipv4: false, ipv6: false });
});

test.runIf(process.platform === 'linux')('what an earlier Holdfast has switched on in this boot of the host is known until it is forgotten', async () => {
  const record = await recorded({ switchedIn: await hostBootId() });
  expect(await record.switchedEarlier()).toEqual(SWITCHED);
  await record.forgetSwitched();
  expect(await record.switchedEarlier()).toEqual({ ipv4: false, ipv6: false });
  expect(await record.read()).toMatchObject({ subnet: '10.107.31.0/24' });
});

test('the bridge of an address is that of the zone whose subnet it is of; of another address none is known, and nothing is chosen', async () => {
  expect(await new HomeRecord(home, join(home, 'network')).bridgeAt('10.107.31.4')).toBeUndefined();
  const record = await recorded({ zones: { zone3: '10.108.0.0/24' } });
  expect(await Promise.all(['10.107.31.4', '10.108.0.9', '10.109.0.9'].map((address) => record.bridgeAt(address)))).toEqual(['hf-1a2b3c4d', 'hf-1a2b3c4d-3', undefined]);
});
