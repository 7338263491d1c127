/** What the built program asks at a terminal, and what comes of each answer. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { event, json, makeBench, operation, type Bench } from './bench-cli.ts';
import { apollo } from './instances.ts';
import { hasPython, onTerminal, type Seen, type Step } from './pty.ts';

const LONG = { timeout: 30_000 };
let bench: Bench;

beforeAll(async () => {
  bench = await makeBench();
  await bench.serve(({ method, url, body }, answer) => {
    if (url.endsWith('/events')) event(answer, operation({ status: 'done', result: {} }));
    else if (url === '/v1/instances') json(answer, { instances: [apollo] });
    else if (url === '/v1/snapshots') json(answer, { snapshots: ['one', 'two'].map((name) => ({ instance: 'apollo', name })) });
    else if (url === '/v1/authenticate') json(answer, { standing: body === '{}' ? 'unknown' : 'accepted' });
    else if (url.endsWith('/network') && !body.includes('"makeBridge":true')) json(answer, { code: 'consent-needed', message: 'eth0 is in no bridge', hint: null }, 409);
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
// oxlint-disable-next-line no-control-regex -- what moves the cursor is nothing to read
const plain = ({ seen }: Seen): string => seen.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
const changes = () => bench.asked.filter(({ method }) => method !== 'GET').map(({ method, url, body }) => `${method} ${url}${body ? ` ${body}` : ''}`);

test.runIf(hasPython)('a snapshot beside its instance is deleted for good, the instance so that it can be recovered', LONG, async () => {
  const seen = await asked(['delete', 'apollo', 'apollo.one'], [['A deleted snapshot cannot be recovered. Delete it? [y/N] ', 'keys', 'y\r']]);
  expect(seen.code).toBe(0);
  expect(changes()).toEqual(['DELETE /v1/instances/apollo/snapshots/one', 'POST /v1/instances/apollo/actions {"action":"delete"}']);
});

test.runIf(hasPython).each([
  ['y', 0, ['DELETE /v1/instances/apollo/snapshots/one', 'DELETE /v1/instances/apollo/snapshots/two']], ['YES', 0, ['DELETE /v1/instances/apollo/snapshots/one', 'DELETE /v1/instances/apollo/snapshots/two']],
  ['n', 1, []], ['', 1, []], ['yesterday', 1, []],
])('snapshots are deleted only when the answer is yes: %j', LONG, async (word, code, expected) => {
  const seen = await asked(['delete', 'apollo.one', 'apollo.two'], [['A deleted snapshot cannot be recovered. Delete all 2? [y/N] ', 'keys', `${word}\r`]]);
  expect([seen.code, changes()]).toEqual([code, expected]);
  expect(seen.seen.includes('nothing was deleted')).toBe(code === 1);
});

const KEEP = 'Do you want to take a snapshot of apollo before discarding its current state? (Yes/no): ';
test.runIf(hasPython).each([
  ['yes', false], ['Y', false], ['', false], ['no', true], ['N', true],
])('a restore takes a snapshot of what is there first, unless the answer is no: %j', LONG, async (word, destructive) => {
  const seen = await asked(['restore', 'apollo.one'], [[KEEP, 'keys', `${word}\r`]]);
  expect([seen.code, changes()]).toEqual([0, [`POST /v1/instances/apollo/snapshots/one/restore {"destructive":${destructive}}`]]);
  expect(seen.seen).toContain('Snapshot restored: apollo.one');
});

test.runIf(hasPython)('a restore asks again where the answer is neither, and is cancelled by Ctrl-C', LONG, async () => {
  const again = await asked(['restore', 'apollo.one'], [[KEEP, 'keys', 'perhaps\r'], ['Please answer Yes/no.', 'keys', 'no\r']]);
  expect([again.code, again.seen.split(KEEP).length - 1, changes()]).toEqual([0, 2, ['POST /v1/instances/apollo/snapshots/one/restore {"destructive":true}']]);
  bench.asked.length = 0;
  const left = await asked(['restore', 'apollo.one'], [[KEEP, 'keys', '\u0003']]);
  expect([left.code, changes()]).toEqual([2, []]);
});

test.runIf(hasPython).each([['y', 0], ['n', 1], ['', 1]])('zones are disabled only when the answer is yes: %j', LONG, async (word, code) => {
  const seen = await asked(['disable-zones', 'zone2', '3'], [['What runs in zone2, zone3 will be powered off at once. Go on? [y/N] ', 'keys', `${word}\r`]]);
  expect([seen.code, changes()]).toEqual([code, code === 0 ? ['POST /v1/zones {"zones":["zone2","zone3"],"available":false}'] : []]);
  expect(seen.seen).toContain(code === 0 ? 'Zone disabled: zone2\r\nZone disabled: zone3\r\n' : 'Nothing was changed');
});

test.runIf(hasPython)('a passphrase is typed twice, and never shown', LONG, async () => {
  const first: Step = ['Enter value for \'local.passphrase\': ', 'keys', 'open sesame\r'];
  const same = await asked(['set', 'local.passphrase'], [first, ['Enter it again: ', 'keys', 'open sesame\r']]);
  expect([same.code, same.raw, changes()]).toEqual([0, true, ['PUT /v1/settings/local.passphrase {"value":"open sesame"}']]);
  expect(plain(same)).toBe('Enter value for \'local.passphrase\': \r\nEnter it again: \r\n');
  bench.asked.length = 0;
  const other = await asked(['set', 'local.passphrase'], [first, ['Enter it again: ', 'keys', 'open simsim\r']]);
  expect([other.code, changes()]).toEqual([1, []]);
  expect(other.seen).toContain('The two are not the same');
  expect(other.seen).not.toMatch(/sesame|simsim/);
});

test.runIf(hasPython)('what is no secret is shown while it is typed', LONG, async () => {
  const seen = await asked(['set', 'local.bridged-network'], [['Enter value for \'local.bridged-network\': ', 'keys', 'br0\r']]);
  expect([seen.code, changes()]).toEqual([0, ['PUT /v1/settings/local.bridged-network {"value":"br0"}']]);
  expect(seen.seen).toContain('br0');
});

test.runIf(hasPython)('the passphrase of a daemon elsewhere is asked for where it is needed, and never shown', LONG, async () => {
  const seen = await asked(['authenticate'], [['Passphrase: ', 'keys', 'open sesame\r']]);
  expect([seen.code, changes()]).toEqual([0, ['POST /v1/authenticate {}', 'POST /v1/authenticate {"passphrase":"open sesame"}']]);
  expect(plain(seen)).toBe('Passphrase: \r\nAuthenticated.\r\n');
});

test.runIf(hasPython).each([['y', 0], ['n', 1]])('a static address on a card of the host\'s asks for a bridge first, and is told %s', LONG, async (word, code) => {
  const seen = await asked(['net', 'static', 'apollo', '192.168.90.5/24', '--network', 'eth0'], [['eth0 is in no bridge. Go on? [y/N] ', 'keys', `${word}\r`]]);
  expect(seen.code).toBe(code);
  expect(changes().slice(1)).toEqual(code === 0 ? ['POST /v1/instances/apollo/network {"change":"static","address":"192.168.90.5/24","network":"eth0","makeBridge":true}'] : []);
});
