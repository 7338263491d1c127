/** What the built program asks at a terminal, and what comes of each answer. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { event, json, makeBench, operation, type Bench } from './bench-cli.ts';
import { hasPython, onTerminal, type Seen, type Step } from './pty.ts';

const LONG = { timeout: 30_000 };
let bench: Bench;

beforeAll(async () => {
  bench = await makeBench();
  await bench.serve(({ method, url, body }, answer) => {
    if (url.endsWith('/events')) event(answer, operation({ status: 'done', result: {} }));
    else if (url === '/v1/instances') json(answer, { instances: [] });
    else if (url === '/v1/authenticate') json(answer, { standing: body === '{}' ? 'unknown' : 'accepted' });
    else if (method === 'DELETE' || method === 'PUT') json(answer, {});
    else json(answer, operation(), 202);
  });
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => { bench.asked.length = 0; });

const asked = async (words: readonly string[], steps: readonly Step[]): Promise<Seen> => {
  const seen = await onTerminal(bench, words, steps);
  expect(seen.restored).toBe(true);
  return seen;
};
const changes = () => bench.asked.filter(({ method }) => method !== 'GET').map(({ method, url, body }) => `${method} ${url}${body ? ` ${body}` : ''}`);

test.runIf(hasPython)('a snapshot beside its instance is deleted for good, the instance so that it can be recovered', LONG, async () => {
  const seen = await asked(['delete', 'apollo', 'apollo.one'], [['A deleted snapshot cannot be recovered. Delete it? [y/N] ', 'keys', 'y\r']]);
  expect(seen.code).toBe(0);
  expect(changes()).toEqual(['DELETE /v1/instances/apollo/snapshots/one', 'POST /v1/instances/apollo/actions {"action":"delete"}']);
});
