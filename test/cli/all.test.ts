/** Which instances and aliases the built program takes for --all, and what goes with what is purged, against a stand-in for the daemon. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WireInstance } from '../../src/api/schemas.ts';
import { STATES } from '../../src/core/instance.ts';
import { event, json, makeBench, operation, type Bench } from './bench-cli.ts';
import { apollo } from './instances.ts';

/** One in each state, called by it. */
const all: readonly WireInstance[] = STATES.map((state) => ({ ...apollo, name: state.toLowerCase().replace(' ', '-'), state }));
let bench: Bench;
let there: readonly WireInstance[];
beforeAll(async () => {
  bench = await makeBench();
  await bench.serve(({ url }, answer) => {
    if (url === '/v1/instances') return json(answer, { instances: there });
    if (url === '/v1/purge') there = there.filter(({ state }) => state !== 'Deleted');
    if (!url.endsWith('/events')) return json(answer, operation(), 202);
    event(answer, operation({ status: 'done' }));
    answer.end();
  });
});
beforeEach(() => {
  bench.asked.length = 0;
  there = all;
});
afterAll(() => bench[Symbol.asyncDispose]());

const acted = () => bench.asked.filter(({ url }) => url.endsWith('/actions')).map(({ url, body }) => [url.split('/')[3], JSON.parse(body) as unknown]).toSorted();
const WELL = { code: 0, stdout: '', stderr: '' };

test.each([
  [['recover', '--all'], { action: 'recover' }, ['deleted']],
  [['recover', 'deleted', 'apollo', 'deleted'], { action: 'recover' }, ['apollo', 'deleted']],
  [['restart', '--all'], { action: 'restart' }, ['crashed', 'delayed-shutdown', 'running', 'unknown']],
  [['restart', '--all', '--timeout', '9'], { action: 'restart', timeoutSeconds: 9 }, ['crashed', 'delayed-shutdown', 'running', 'unknown']],
  [['suspend', '--all'], { action: 'suspend' }, ['delayed-shutdown', 'running', 'unknown']],
  [['stop', '--all'], { action: 'stop' }, ['crashed', 'delayed-shutdown', 'restarting', 'running', 'starting', 'unknown']],
  // What crashed or is not up yet cannot be stopped later.
  [['stop', '--all', '--time', '10'], { action: 'stop', delayMinutes: 10 }, ['delayed-shutdown', 'running']],
  [['stop', '--all', '--time', '0'], { action: 'stop' }, ['crashed', 'delayed-shutdown', 'restarting', 'running', 'starting', 'unknown']],
])('%j', async (words, body, names) => {
  expect(await bench.run(words)).toEqual(WELL);
  expect(acted()).toEqual(names.map((name) => [name, body]));
});

test('where --all is of none, nothing is done, and that is well', async () => {
  there = [];
  for (const command of ['recover', 'restart', 'suspend', 'stop']) expect(await bench.run([command, '--all'])).toEqual(WELL);
  expect(acted()).toEqual([]);
});

interface Book { readonly 'active-context': string; readonly contexts: Readonly<Record<string, Readonly<Record<string, { readonly instance: string }>>>> }
const file = () => join(bench.home, 'client/multipass_aliases.json');
const aliases = () => Object.entries((JSON.parse(readFileSync(file(), 'utf8')) as Book).contexts).map(([context, names]) => [context, ...Object.keys(names)]);
const scripts = () => readdirSync(join(bench.home, 'client/bin')).toSorted();

/** Two of an instance that is deleted, in both contexts, and two of one that runs. */
function keepAliases(): void {
  const of = (instance: string) => ({ command: 'ls', instance, 'working-directory': 'map' });
  mkdirSync(join(bench.home, 'client'), { recursive: true });
  writeFileSync(file(), JSON.stringify({
    'active-context': 'default', contexts: { default: { lost: of('deleted'), kept: of('running') }, work: { lost: of('deleted'), other: of('running') } },
  }));
}

/** By the program itself, so that it knows them for its own. */
async function keepScripts(): Promise<void> {
  there = [{ ...apollo, name: 'running', state: 'Running' }, { ...apollo, name: 'deleted', state: 'Running' }];
  await bench.run(['prefer', 'default']);
  for (const word of ['running:lscpu', 'deleted:top']) expect((await bench.run(['alias', word])).code).toBe(0);
  there = all;
}

test('purge takes the aliases of what it removes along, in every context, with their scripts; those of others stay', async () => {
  keepAliases();
  await keepScripts();
  expect(scripts()).toEqual(['lscpu', 'top']);
  expect(await bench.run(['purge'])).toEqual(WELL);
  expect(bench.asked.map(({ method, url }) => `${method} ${url}`)).toContain('POST /v1/purge');
  expect(aliases()).toEqual([['default', 'kept', 'lscpu'], ['work', 'other']]);
  expect(scripts()).toEqual(['lscpu']);
});

test('unalias --all takes those of the active context away, with their scripts', async () => {
  keepAliases();
  await keepScripts();
  expect(await bench.run(['unalias', '--all'])).toEqual(WELL);
  expect(aliases()).toEqual([['default'], ['work', 'lost', 'other']]);
  expect(scripts()).toEqual([]);
});
