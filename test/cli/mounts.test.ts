/** The built program's words for mounts, against fixed answers. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { event, json, makeBench, operation, type Bench } from './bench-cli.ts';

let bench: Bench;
let scratch: string;

beforeAll(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-mounting-')));
  await writeFile(join(scratch, 'file'), '');
  bench = await makeBench();
  await bench.serve(({ url }, answer) => {
    if (url.endsWith('/events')) {
      event(answer, operation({ status: 'done', result: {} }));
      return answer.end();
    }
    if (url.includes('/nobody/')) return json(answer, { code: 'instance-not-found', message: 'instance \'nobody\' does not exist', hint: null }, 404);
    return json(answer, operation({ status: 'running' }), 202);
  });
});
beforeEach(() => { bench.asked.length = 0; });
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true });
});

const changes = () => bench.asked.filter(({ method }) => method !== 'GET').map(({ method, url, body }) => `${method} ${url}${body ? ` ${body}` : ''}`);

test('mount hands on what was given, for each instance', async () => {
  expect(await bench.run(['mount', scratch, 'apollo', 'hermes:/data', '-u', '1000:33', '-u', '0:default', '-g', '1:2', '--type', 'classic'])).toEqual({ code: 0, stdout: '', stderr: '' });
  const maps = '"uidMap":["1000:33","0:default"],"gidMap":["1:2"]';
  expect(changes()).toEqual([`POST /v1/instances/apollo/mounts {"source":"${scratch}",${maps}}`, `POST /v1/instances/hermes/mounts {"source":"${scratch}","target":"/data",${maps}}`]);
});

test('a native mount is asked for by name', async () => {
  expect(await bench.run(['mount', '-t', 'native', scratch, 'apollo:/data'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(changes()).toEqual([`POST /v1/instances/apollo/mounts {"source":"${scratch}","target":"/data","type":"native"}`]);
});

test('umount takes one, or all', async () => {
  expect(await bench.run(['umount', 'apollo:/a b', 'hermes'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await bench.run(['unmount', 'nobody'])).stderr).toBe('umount failed: instance \'nobody\' does not exist\n');
  expect(changes()).toEqual(['DELETE /v1/instances/apollo/mounts?target=%2Fa+b', 'DELETE /v1/instances/hermes/mounts', 'DELETE /v1/instances/nobody/mounts']);
});

test.each([
  [['mount'], 'Wrong number of arguments given'],
  [['mount', '/'], 'Wrong number of arguments given'],
  [['mount', '/nowhere', 'a'], 'Source path "/nowhere" does not exist'],
  [['mount', '/', 'a', '-t', 'x'], 'Bad mount type \'x\' specified'],
  [['mount', '/', 'a', '-u', '1'], 'Invalid UID map given: 1'],
  [['mount', '/', 'a', '-g', '1:1', '-g', '1:2'], 'Mount cannot apply mapping with duplicate ids'],
  [['mount', '/', ':x'], 'Invalid target given: :x'],
  [['launch', '--mount', '/nowhere:/x'], 'Source path "/nowhere" does not exist'],
  [['umount'], 'Wrong number of arguments given'],
])('%j is refused, and nobody is asked', async (words, message) => {
  const { code, stderr } = await bench.run(words);
  expect([code, stderr.includes(message)]).toEqual([1, true]);
  expect(bench.asked).toEqual([]);
});

test('a file is no directory', async () => {
  expect(await bench.run(['mount', join(scratch, 'file'), 'a'])).toMatchObject({ code: 1, stderr: expect.stringContaining('is not a directory') as string });
});
