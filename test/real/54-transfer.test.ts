/** Files go in and out of a real guest whose network is down: whole, or not at all. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { look, plantTree, taken } from '../cli/transfer/tree.ts';
import { waitFor } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const MIB = 1024 * 1024;
let scratch: string;
const inGuest = (script: string) => home.must(['exec', 'apollo', '--', 'sudo', 'sh', '-c', script]);
const said = async (script: string) => (await home.must(['exec', 'apollo', '--', 'sh', '-c', script])).stdout;

beforeAll(async () => { scratch = await mkdtemp('/var/tmp/hf-files-'); });
afterAll(async () => { await rm(scratch, { recursive: true }); });

describe('with the guest\'s link down', () => {
  beforeAll(async () => {
    await inGuest('for link in /sys/class/net/en*; do ip link set "${link##*/}" down; done');
  });
  afterAll(async () => {
    await inGuest('for link in /sys/class/net/en*; do ip link set "${link##*/}" up; done');
    await waitFor('the network to be well', async () => (await home.info('apollo')).network === 'ok', 60_000);
  });

  test('a tree goes in and comes back as it was', async () => {
    await plantTree(join(scratch, 'tree'));
    const before = await look(join(scratch, 'tree'));
    await home.must(['transfer', '-r', join(scratch, 'tree'), 'apollo:']);
    expect(await said('stat -c "%a %Y %U" tree/plain.txt; readlink tree/link; stat -c %a tree/inner; [ $(stat -c %b tree/holes) -lt 2048 ] && echo sparse')).toBe('604 1000000000 ubuntu\nplain.txt\n555\nsparse\n');
    await home.must(['transfer', '-r', 'apollo:tree', join(scratch, 'back')]);
    expect(await look(join(scratch, 'back'))).toEqual(before);
    expect(await taken(join(scratch, 'back/holes'))).toBeLessThan(MIB);
  });

  test('24 MiB go in and out, and a command is carried meanwhile', async () => {
    const content = randomBytes(24 * MIB);
    await writeFile(join(scratch, 'big'), content);
    const going = home.must(['transfer', join(scratch, 'big'), 'apollo:/var/tmp/']);
    const { seconds } = await home.must(['exec', 'apollo', '--', 'true']);
    const took = (await going).seconds;
    expect((await said('sha256sum /var/tmp/big')).split(' ')[0]).toBe(createHash('sha256').update(content).digest('hex'));
    const back = await home.must(['transfer', 'apollo:/var/tmp/big', join(scratch, 'returned')]);
    expect(content.equals(await readFile(join(scratch, 'returned')))).toBe(true);
    process.stdout.write(`24 MiB in ${took.toFixed(1)} s in, ${back.seconds.toFixed(1)} s out; a command meanwhile in ${seconds.toFixed(2)} s\n`);
  });
});

test('a full disk in the guest is told of, and nothing half is left there', async () => {
  await inGuest('mkdir -p /mnt/small && mount -t tmpfs -o size=1m,mode=777 tmpfs /mnt/small && echo old > /mnt/small/big');
  const { code, stderr } = await home.run(['transfer', join(scratch, 'big'), 'apollo:/mnt/small/big']);
  expect([code, stderr]).toEqual([2, 'transfer failed: apollo:/mnt/small/big cannot be written: No space left on device\n']);
  expect(await said('ls -A /mnt/small; cat /mnt/small/big')).toBe('big\nold\n');
  await inGuest('umount /mnt/small');
});

test('one that is interrupted leaves what was there, on either side', async () => {
  await said('echo old > /var/tmp/kept');
  const interrupted = await cutOff(['transfer', join(scratch, 'big'), 'apollo:/var/tmp/kept'], async () => /\.holdfast-/.test(await said('ls -A /var/tmp')));
  expect(interrupted.code).toBe(2);
  await waitFor('what was begun to be gone from the guest', async () => !(await said('ls -A /var/tmp')).includes('.holdfast-'), 20_000);
  expect(await said('cat /var/tmp/kept')).toBe('old\n');
  await writeFile(join(scratch, 'kept'), 'old');
  const back = await cutOff(['transfer', 'apollo:/var/tmp/big', join(scratch, 'kept')], async () => (await readdir(scratch)).some((name) => name.startsWith('.holdfast-')));
  expect(back.code).toBe(2);
  expect(await readFile(join(scratch, 'kept'), 'utf8')).toBe('old');
  expect((await readdir(scratch)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('standard streams', async () => {
  await home.must(['transfer', '-', 'apollo:from-stdin'], { input: 'some words\n' });
  expect((await home.must(['transfer', 'apollo:from-stdin', '-'])).stdout).toBe('some words\n');
});

async function cutOff(words: readonly string[], atThatTime: () => Promise<boolean>): Promise<{ code: number }> {
  const stop = new AbortController();
  const going = home.run(words, { signal: stop.signal });
  await waitFor('it to be on its way', atThatTime, 20_000);
  stop.abort();
  return await going;
}
