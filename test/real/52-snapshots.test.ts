/** A real guest's disk, taken, gone back to, and given to another machine that is its own self. */
import { afterAll, expect, test } from 'vitest';
import { waitFor } from './home.ts';
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

test('one with the memory is taken while a command runs, and goes on from there when it is restored', async () => {
  // A program that is in no file, once it runs: what it says is of the memory.
  await inGuest('keeper', 'echo then > note; sync; nohup sh -c "i=0; while :; do i=\\$((i+1)); echo \\$i > /dev/shm/count; sleep 1; done" > /dev/null 2>&1 & sleep 3');
  const meanwhile = home.must(['exec', 'keeper', '--', 'sh', '-c', 'sleep 10; cat /dev/shm/count'], SLOW);
  const taken = await home.must(['snapshot', '--live', 'keeper', '--name', 'live'], SLOW);
  expect(Number((await meanwhile).stdout)).toBeGreaterThan(3);
  await inGuest('keeper', 'echo later > note; sync; pkill -f dev/shm/count; rm /dev/shm/count');
  await home.must(['stop', 'keeper'], SLOW);
  await home.must(['restore', '--destructive', 'keeper.live'], SLOW);
  expect((await home.info('keeper')).state).toBe('Suspended');
  await home.must(['start', 'keeper'], SLOW);
  const [note, first, second] = (await inGuest('keeper', 'cat note; cat /dev/shm/count; sleep 3; cat /dev/shm/count')).split('\n');
  expect(note).toBe('then');
  expect(Number(second)).toBeGreaterThan(Number(first));
  expect(Math.abs(Number(await inGuest('keeper', 'date +%s')) - Date.now() / 1000)).toBeLessThan(10);
  process.stdout.write(`live snapshot ${taken.seconds.toFixed(2)} s\n`);
});

test('a clone is a machine of its own, beside the one that it was made of', async () => {
  await home.must(['stop', 'keeper'], SLOW);
  const cloned = await home.must(['clone', 'keeper', '--name', 'twin']);
  expect(cloned.stdout).toBe('Cloned from keeper to twin.\n');
  expect((await home.info('twin')).state).toBe('Stopped');
  await home.must(['start', 'twin', 'keeper'], SLOW);
  const who = 'hostname; cat /etc/machine-id; sudo ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d" " -f2; cat /sys/class/net/e*/address; cloud-init query instance_id';
  const [keeper, twin] = [(await inGuest('keeper', who)).split('\n'), (await inGuest('twin', `cloud-init status --wait > /dev/null; ${who}`)).split('\n')];
  expect([keeper[0], twin[0]]).toEqual(['keeper', 'twin']);
  for (const [index, line] of keeper.entries()) if (line !== '') expect(twin[index]).not.toBe(line);
  expect(await inGuest('twin', 'cat note; echo twins > note; sync')).toBe('first\n');
  expect(await inGuest('keeper', 'cat note')).toBe('first\n');
  await waitFor('both to have addresses', async () => (await home.info('keeper')).network === 'ok' && (await home.info('twin')).network === 'ok', 90_000);
  expect((await home.info('keeper')).ipv4).not.toEqual((await home.info('twin')).ipv4);
  await home.must(['delete', '--purge', 'keeper'], SLOW);
  await home.must(['restart', 'twin'], SLOW);
  expect(await inGuest('twin', 'cat note; cat /etc/machine-id')).toBe(`twins\n${twin[1]}\n`);
  process.stdout.write(`clone ${cloned.seconds.toFixed(2)} s\n`);
});
