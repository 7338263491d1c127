/** A real guest's disk and memory, taken, gone back to, and given to another machine that is its own self. */
import { afterAll, expect, test } from 'vitest';
import { waitFor } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const SLOW = { timeoutMs: 900_000 };
const LONG = { timeout: 1_200_000 };
const inGuest = async (name: string, script: string) => (await home.must(['exec', name, '--', 'sh', '-c', script], SLOW)).stdout;
afterAll(async () => { await home.run(['delete', '--purge', 'keeper', 'twin'], SLOW); });

/** A program that is in no file once it runs: what it says is of the memory. */
const COUNT = 'nohup sh -c \'echo $$ > /dev/shm/counting; i=0; while :; do i=$((i+1)); echo $i > /dev/shm/count; sleep 1; done\' > /dev/null 2>&1 & sleep 4';

test('one of a running instance and one of a stopped one are gone back to, each as it was', LONG, async () => {
  await home.must(['launch', '--name', 'keeper'], SLOW);
  await inGuest('keeper', `echo first > note; sync; ${COUNT}`);
  const meanwhile = home.must(['exec', 'keeper', '--', 'sh', '-c', 'sleep 10; cat /dev/shm/count'], SLOW);
  const live = await home.must(['snapshot', '--live', 'keeper', '--comment', 'as it ran'], SLOW);
  expect(live.stdout).toBe('Snapshot taken: keeper.snapshot1\n');
  expect(Number((await meanwhile).stdout)).toBeGreaterThan(4);
  expect(await inGuest('keeper', 'cat note; kill $(cat /dev/shm/counting); rm /dev/shm/count; sudo rm -rf /etc/netplan; echo second > note; sync; echo done')).toBe('first\ndone\n');
  await home.must(['stop', 'keeper'], SLOW);
  const taken = await home.must(['snapshot', 'keeper', '--name', 'broken'], SLOW);
  expect((await home.must(['list', '--snapshots', '--format', 'csv'])).stdout).toBe('Instance,Snapshot,Parent,Comment\nkeeper,snapshot1,,"as it ran"\nkeeper,broken,snapshot1,""\n');

  const restored = await home.must(['restore', '--destructive', 'keeper.snapshot1'], SLOW);
  expect((await home.info('keeper')).state).toBe('Suspended');
  const resumed = await home.must(['start', 'keeper'], SLOW);
  const [note, first, second, seconds] = (await inGuest('keeper', 'cat note; cat /dev/shm/count; sleep 4; cat /dev/shm/count; date +%s; ls /etc/netplan > /dev/null')).split('\n');
  expect(note).toBe('first');
  expect(Number(second)).toBeGreaterThan(Number(first));
  expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(20);
  await home.must(['stop', 'keeper'], SLOW);

  await home.must(['restore', '--destructive', 'keeper.broken'], SLOW);
  expect((await home.info('keeper')).state).toBe('Stopped');
  await home.must(['start', 'keeper'], SLOW);
  expect(await inGuest('keeper', 'cat note; ls /etc/netplan /dev/shm/count 2>/dev/null | wc -l')).toBe('second\n0\n');
  process.stdout.write(`live snapshot ${live.seconds.toFixed(2)} s, stopped ${taken.seconds.toFixed(2)} s, restore ${restored.seconds.toFixed(2)} s, start of what ran ${resumed.seconds.toFixed(2)} s\n`);
});

test('a clone is a machine of its own, beside the one that it was made of', LONG, async () => {
  await home.must(['stop', 'keeper'], SLOW);
  await home.must(['restore', '--destructive', 'keeper.snapshot1'], SLOW);
  await home.must(['stop', '--force', 'keeper'], SLOW);
  const cloned = await home.must(['clone', 'keeper', '--name', 'twin'], SLOW);
  expect(cloned.stdout).toBe('Cloned from keeper to twin.\n');
  expect((await home.info('twin')).state).toBe('Stopped');
  await home.must(['start', 'twin', 'keeper'], SLOW);
  const who = 'hostname; cat /etc/machine-id; sudo ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d" " -f2; cat /sys/class/net/e*/address; cloud-init query instance_id';
  const keeper = (await inGuest('keeper', `cloud-init status --wait > /dev/null; ${who}`)).split('\n');
  const twin = (await inGuest('twin', `cloud-init status --wait > /dev/null; ${who}`)).split('\n');
  expect([keeper[0], twin[0]]).toEqual(['keeper', 'twin']);
  for (const [index, line] of keeper.entries()) if (line !== '') expect(twin[index]).not.toBe(line);
  expect(await inGuest('twin', 'cat note; echo twins > note; sync')).toBe('first\n');
  expect(await inGuest('keeper', 'cat note')).toBe('first\n');
  await waitFor('both to have addresses', async () => (await home.info('keeper')).network === 'ok' && (await home.info('twin')).network === 'ok', 120_000);
  expect((await home.info('keeper')).ipv4).not.toEqual((await home.info('twin')).ipv4);
  await home.must(['delete', '--purge', 'keeper'], SLOW);
  expect(await inGuest('twin', 'cat note')).toBe('twins\n');
  process.stdout.write(`clone ${cloned.seconds.toFixed(2)} s\n`);
});
