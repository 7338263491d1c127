/** A launch whose cloud-init does not come to a good end: the built program, and a real daemon with fake machines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ran } from '../cli/bench-cli.ts';
import { makeFakeBench, type FakeBench } from './fake-bench.ts';

let fake: FakeBench;
let person: string;
beforeAll(async () => {
  fake = await makeFakeBench();
  person = join(fake.bench.home, 'person');
  mkdirSync(join(person, 'src'), { recursive: true });
}, 60_000);
afterAll(() => fake[Symbol.asyncDispose](), 60_000);

const launch = async (name: string, verdict: string, ...more: readonly string[]) => {
  const data = join(person, `${name}.yaml`);
  writeFileSync(data, `#cloud-config\n# cloud-init ends with ${verdict}\nruncmd: []\nruncmd: []\n`);
  const child = fake.bench.start(['launch', fake.image, '--name', name, '--cloud-init', data, ...more], { HOME: person });
  child.stdin?.end();
  return await ran(child);
};

test('an error of it is told, and the instance is launched all the same, with its mounts', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await launch('apollo', 'error: runcmd: exit status 1', '--mount', `${join(person, 'src')}:/srv/src`);
  expect(stdout).toBe(`Launched: apollo in zone1\nMounted '${join(person, 'src')}' into 'apollo:/srv/src'\n`);
  expect(stderr).toContain('cloud-init in apollo ended with an error, and what it was to set up may be missing: runcmd: exit status 1\nsee: holdfast exec apollo -- cloud-init status --long, ');
  expect(code).toBe(0);
});

test('the primary instance has the home directory then too', { timeout: 60_000 }, async () => {
  expect(await launch('primary', 'error: ')).toEqual({
    code: 0, stdout: `Launched: primary in zone1\nMounted '${person}' into 'primary:Home'\n`, stderr: expect.stringContaining('may be missing: it gave no reason\n'),
  });
});

test('warnings of it are told as such', { timeout: 60_000 }, async () => {
  expect(await launch('hermes', 'degraded: a key is deprecated')).toMatchObject({
    code: 0, stdout: 'Launched: hermes in zone1\n', stderr: expect.stringContaining('cloud-init in hermes finished with warnings: a key is deprecated\n'),
  });
});

test('as multipass it names the commands so', { timeout: 60_000 }, async () => {
  const child = fake.bench.start(['--as=multipass', 'launch', fake.image, '--name', 'juno', '--cloud-init', join(person, 'apollo.yaml')], { HOME: person });
  child.stdin?.end();
  expect(await ran(child)).toMatchObject({ code: 0, stderr: expect.stringContaining('\nsee: multipass exec juno -- cloud-init status --long, and what it ran: multipass exec juno -- sudo cat ') });
});

test('what is strange in the data is told beforehand', { timeout: 60_000 }, async () => {
  expect(await launch('zeus', 'error: ')).toMatchObject({ code: 0, stderr: expect.stringContaining('cloud-init data: line 4, column 1: the key "runcmd" is there twice; cloud-init uses the last one and says nothing\n') });
});
