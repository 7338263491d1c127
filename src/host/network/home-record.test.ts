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

test.each([['of another boot of the host', { switchedIn: 'another' }], ['of an earlier Holdfast', {}]])('what a record %s says to be switched on was not switched on in this one', async (_, more) => {
  expect(await (await recorded(more)).switched()).toEqual({ ipv4: false, ipv6: false });
});

test.runIf(process.platform === 'linux')('what was switched on in this boot of the host is known until it is switched off', async () => {
  const record = await recorded({ switched: { ipv4: false, ipv6: false } });
  await record.rememberSwitched(SWITCHED);
  expect(await record.switched()).toEqual(SWITCHED);
  expect(await record.read()).toMatchObject({ switchedIn: await hostBootId(), subnet: '10.107.31.0/24' });
  await record.rememberSwitched();
  expect(await record.switched()).toEqual({ ipv4: false, ipv6: false });
});
