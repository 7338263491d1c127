/** A real guest's disk, taken, gone back to, and given to another machine that is its own self. */
import { afterAll, expect, test } from 'vitest';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const SLOW = { timeoutMs: 900_000 };
const inGuest = async (name: string, script: string) => (await home.must(['exec', name, '--', 'sh', '-c', script], SLOW)).stdout;
afterAll(async () => { await home.run(['delete', '--purge', 'keeper', 'twin'], SLOW); });

test('what was written after a snapshot is gone with its restore, and back with the one that was taken before', async () => {
  await home.must(['launch', '--name', 'keeper'], SLOW);
  await inGuest('keeper', 'echo first > note; sync');
  await home.must(['stop', 'keeper'], SLOW);
  const taken = await home.must(['snapshot', 'keeper', '--comment', 'as it was']);
  expect(taken.stdout).toBe('Snapshot taken: keeper.snapshot1\n');
  await home.must(['start', 'keeper'], SLOW);
  expect(await inGuest('keeper', 'cat note; sudo rm -rf /etc/netplan /usr/bin/ls; echo second > note; sync')).toBe('first\n');
  await home.must(['stop', 'keeper'], SLOW);
  await home.must(['snapshot', 'keeper', '--name', 'broken']);
  const restored = await home.must(['restore', '--destructive', 'keeper.snapshot1']);
  await home.must(['start', 'keeper'], SLOW);
  expect(await inGuest('keeper', 'cat note; ls /etc/netplan | wc -l')).toMatch(/^first\n[1-9]/);
  expect((await home.must(['list', '--snapshots', '--format', 'csv'])).stdout).toBe('Instance,Snapshot,Parent,Comment\nkeeper,snapshot1,,"as it was"\nkeeper,broken,snapshot1,""\n');
  process.stdout.write(`snapshot ${taken.seconds.toFixed(2)} s, restore ${restored.seconds.toFixed(2)} s\n`);
});
