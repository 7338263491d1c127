/** Commands in a guest, as scripts use them. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { waitFor } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const exec = (...command: string[]) => home.run(['exec', 'apollo', '--', ...command]);

test('standard output, standard error and the exit code pass through', async () => {
  const { code, stdout, stderr } = await exec('sh', '-c', 'echo out; echo err >&2; exit 7');
  expect([code, stdout, stderr]).toEqual([7, 'out\n', 'err\n']);
});

test('arguments reach the program as they are', async () => {
  const odd = ['a b', '$HOME', '`id`', '"\'', '*', 'é\n€', '', '--', '-x'];
  const { stdout } = await exec('python3', '-c', 'import sys,json; print(json.dumps(sys.argv[1:]))', ...odd);
  expect(JSON.parse(stdout)).toEqual(odd);
});

test('a command that does not exist ends with 127, a signalled one with 128 and the signal', async () => {
  expect((await exec('no-such-command')).code).toBe(127);
  expect((await exec('sh', '-c', 'kill -TERM $$')).code).toBe(143);
});

test('binary input of 5 MB comes through whole', async () => {
  const bytes = randomBytes(5_000_000);
  const { stdout } = await home.must(['exec', 'apollo', '--', 'sha256sum'], { input: bytes });
  expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('output of 20 MB comes through whole', async () => {
  const { stdout } = await exec('sh', '-c', 'yes holdfast | head -c 20000000');
  expect(stdout.length).toBe(20_000_000);
});

test('--verbose says which rung carried it, on standard error', async () => {
  const { stdout, stderr } = await home.must(['exec', '--verbose', 'apollo', '--', 'echo', 'hi']);
  expect([stdout, stderr]).toEqual(['hi\n', 'carried by: lane\n']);
});

test('a working directory', async () => {
  expect((await home.must(['exec', '-d', '/var/log', 'apollo', '--', 'pwd'])).stdout).toBe('/var/log\n');
});

test('ten commands at once', async () => {
  const outcomes = await Promise.all(Array.from({ length: 10 }, async (_, index) => (await exec('echo', String(index))).stdout));
  expect(outcomes).toEqual(Array.from({ length: 10 }, (_, index) => `${index}\n`));
});

test('the console and what happened to an instance are in its logs, without terminal control', async () => {
  await home.must(['exec', 'apollo', '--', 'sudo', 'sh', '-c', 'printf "\\033[31mseen on the console\\n" > /dev/console']);
  const logs = async () => (await home.must(['logs', 'apollo'])).stdout;
  await waitFor('the console to be in the logs', async () => (await logs()).includes('seen on the console'), 10_000);
  expect(await logs()).not.toContain('\u001b');
});
