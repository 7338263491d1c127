/** The built program's words for snapshots, against fixed answers. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { event, json, makeBench, operation, type Bench } from './bench-cli.ts';
import { apollo, zeus } from './instances.ts';

let bench: Bench;
let result: Readonly<Record<string, string>>;
const shot = { instance: 'apollo', name: 'one', comment: '', parent: null, children: [], createdAt: '2026-09-01T10:00:00.000Z', cpus: 1, memoryBytes: 1073741824, diskBytes: 5368709120, live: false };

beforeAll(async () => {
  bench = await makeBench();
  await bench.serve(({ method, url }, answer) => {
    if (url === '/v1/snapshots') return json(answer, { snapshots: [shot, { ...shot, instance: 'zeus' }] });
    if (url === '/v1/instances') return json(answer, { instances: [apollo, zeus] });
    if (url.startsWith('/v1/settings/')) return json(answer, { key: 'client.primary-name', value: 'primary' });
    if (url.endsWith('/events')) {
      event(answer, operation({ status: 'done', result }));
      return answer.end();
    }
    if (method === 'DELETE' && url.endsWith('/gone')) return json(answer, { code: 'no-such-snapshot', message: 'No such snapshot: apollo.gone', hint: null }, 404);
    return json(answer, method === 'DELETE' ? {} : operation({ status: 'running' }), method === 'DELETE' ? 200 : 202);
  });
});
beforeEach(() => {
  bench.asked.length = 0;
  result = {};
});
afterAll(() => bench[Symbol.asyncDispose]());

const changes = () => bench.asked.filter(({ method }) => method !== 'GET').map(({ method, url, body }) => `${method} ${url}${body ? ` ${body}` : ''}`);

test('snapshot says what it is called, and hands on name and comment', async () => {
  result = { snapshot: 'snapshot3' };
  expect(await bench.run(['snapshot', 'apollo'])).toEqual({ code: 0, stdout: 'Snapshot taken: apollo.snapshot3\n', stderr: '' });
  await bench.run(['snapshot', 'apollo', '-n', 'mine', '-c', 'a: b']);
  await bench.run(['snapshot', 'apollo', '-m', 'a: b', '--live']);
  expect(changes()).toEqual([
    'POST /v1/instances/apollo/snapshots {}', 'POST /v1/instances/apollo/snapshots {"name":"mine","comment":"a: b"}', 'POST /v1/instances/apollo/snapshots {"comment":"a: b","live":true}',
  ]);
});

test('restore keeps nothing only where it was told so; where nobody can be asked nothing is done', async () => {
  const refused = await bench.run(['restore', 'apollo.one']);
  expect(refused).toEqual({
    code: 2, stdout: '', stderr: 'restore failed: cancelled: nobody said what is to become of what is there now\ngive it up with --destructive, or take a snapshot of it first: holdfast snapshot\n',
  });
  expect(changes()).toEqual([]);
  expect(await bench.run(['restore', '-d', 'apollo.one'])).toEqual({ code: 0, stdout: 'Snapshot restored: apollo.one\n', stderr: '' });
  expect(changes()).toEqual(['POST /v1/instances/apollo/snapshots/one/restore {"destructive":true}']);
  expect(await bench.run(['restore', '-d', 'apollo'])).toMatchObject({ code: 1, stderr: expect.stringContaining('Wrong argument given: it must be <name>.<snapshot>\n') });
});

test('a snapshot goes for good with --purge only, also beside instances', async () => {
  expect(await bench.run(['delete', 'apollo.one'])).toEqual({ code: 1, stdout: '', stderr: 'A deleted snapshot cannot be recovered: nothing was deleted\nif it is to go for good: --purge\n' });
  expect(changes()).toEqual([]);
  expect((await bench.run(['delete', '--purge', 'apollo.one'])).code).toBe(0);
  expect(changes()).toEqual(['DELETE /v1/instances/apollo/snapshots/one']);
  expect(await bench.run(['delete', '--purge', 'apollo.gone'])).toMatchObject({ code: 2, stderr: 'delete failed: No such snapshot: apollo.gone\n' });
  bench.asked.length = 0;
  expect((await bench.run(['delete', '--purge', 'apollo', 'apollo.one', 'zeus.one'])).code).toBe(0);
  expect(changes()).toEqual(['DELETE /v1/instances/zeus/snapshots/one', 'POST /v1/instances/apollo/actions {"action":"delete","purge":true}']);
});

test('info and list show them, and name what is not there', async () => {
  expect((await bench.run(['list', '--snapshots'])).stdout).toBe('Instance   Snapshot   Parent   Comment\napollo     one        --       --\nzeus       one        --       --\n');
  expect((await bench.run(['info', 'apollo.one'])).stdout).toMatch(/^Snapshot: +one\nInstance: +apollo\n/);
  expect((await bench.run(['info', '--snapshots'])).stdout).toMatch(/^Snapshot: +one\n/);
  expect(await bench.run(['info', 'apollo.two'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^info failed: No such snapshot: apollo\.two\n/) });
  expect(await bench.run(['info', '--format', 'csv', 'apollo', 'apollo.one'])).toMatchObject({ code: 1, stderr: 'In CSV there is one kind of line: instances or snapshots, not both\n' });
});

test('clone says what became of what', async () => {
  result = { name: 'apollo-clone1' };
  expect(await bench.run(['clone', 'apollo'])).toEqual({ code: 0, stdout: 'Cloned from apollo to apollo-clone1.\n', stderr: '' });
  await bench.run(['clone', 'apollo', '-n', 'artemis']);
  expect(changes()).toEqual(['POST /v1/instances/apollo/clone {}', 'POST /v1/instances/apollo/clone {"name":"artemis"}']);
});
