import { beforeEach, expect, test } from 'vitest';
import type { Revision } from '../core/network/revision.ts';
import { openDb, type Db } from './db.ts';
import { instanceStore } from './instances.ts';
import { networkHistoryStore } from './network-history.ts';

let db: Db;
const ID = '00c0ffee';
const file = (content: string) => [{ path: '/etc/netplan/50-cloud-init.yaml', mode: 0o600, uid: 0, gid: 0, content }];
const revision = (more: Partial<Revision> = {}): Omit<Revision, 'number'> => ({
  at: '2026-01-01T00:00:00Z', origin: 'hand', command: null, transaction: null, outcome: 'seen', reason: null, files: file('network: {}\n'), ...more,
});

beforeEach(() => {
  db = openDb(':memory:');
  instanceStore(db).insert({
    instance: {
      id: ID, name: 'apollo', architecture: 'x86_64', node: 'here', owner: 0, zone: 'zone1', image: { name: 'debian', os: 'Debian', release: '12' }, createdAt: '2026-01-01T00:00:00Z',
      spec: { cpus: 1, memoryBytes: 2 ** 30, diskBytes: 5 * 2 ** 30, imageDigest: 'd', imageFormat: 'qcow2', mac: '52:54:00:00:00:01', subnetIndex: 0 },
    },
    timezone: 'Etc/UTC', userData: undefined, wanted: { running: true, deleted: false }, observed: { state: 'Running', reason: null, at: '2026-01-01T00:00:00Z' },
  });
});

test('revisions are numbered from one and come back as they were put in', () => {
  const history = networkHistoryStore(db);
  const first = revision({ origin: 'launch' });
  const second = revision({ origin: 'holdfast', command: 'net static', transaction: 't1', outcome: 'applied' });
  expect([history.add(ID, first), history.add(ID, second)]).toEqual([1, 2]);
  expect(history.all(ID)).toEqual([{ number: 1, ...first }, { number: 2, ...second }]);
  expect(history.pending()).toEqual([{ instance: ID, revision: { number: 2, ...second } }]);
  history.settle(ID, 2, 'rolled-back', 'the gateway did not answer');
  expect(history.get(ID, 2)).toMatchObject({ outcome: 'rolled-back', reason: 'the gateway did not answer' });
  expect(history.pending()).toEqual([]);
});

test('of too many the oldest go, but never the first, nor one that is still armed, nor a number a second time', () => {
  const history = networkHistoryStore(db);
  history.add(ID, revision({ origin: 'launch' }));
  history.add(ID, revision({ outcome: 'applied' }));
  for (let count = 0; count < 120; count += 1) history.add(ID, revision());
  const numbers = history.all(ID).map(({ number }) => number);
  expect(numbers.slice(0, 3)).toEqual([1, 2, 23]);
  expect(numbers).toHaveLength(102);
  expect(history.add(ID, revision())).toBe(123);
});

test('the last that stands, the one that is armed and what was done by hand are found without reading all', () => {
  const history = networkHistoryStore(db);
  expect([history.standing(ID), history.armed(ID), history.hasTransaction(ID, 't1'), history.byHandSince(ID, '')]).toEqual([undefined, undefined, false, 0]);
  history.add(ID, revision({ origin: 'launch' }));
  history.add(ID, revision({ at: '2026-01-02T00:00:00Z' }));
  history.add(ID, revision({ origin: 'holdfast', transaction: 't1', outcome: 'applied' }));
  expect([history.standing(ID)?.number, history.armed(ID)?.number, history.hasTransaction(ID, 't1')]).toEqual([2, 3, true]);
  expect([history.byHandSince(ID, '2026-01-01T12:00:00Z'), history.byHandSince(ID, '2026-01-02T12:00:00Z')]).toEqual([1, 0]);
  history.settle(ID, 3, 'committed', null);
  expect([history.standing(ID)?.number, history.armed(ID)]).toEqual([3, undefined]);
});

test('of too much the oldest go', () => {
  const history = networkHistoryStore(db);
  for (let count = 0; count < 40; count += 1) history.add(ID, revision({ files: file('x'.repeat(256 * 1024)) }));
  expect(history.all(ID).map(({ number }) => number)).toEqual([1, ...Array.from({ length: 15 }, (_, index) => 26 + index)]);
});

test('with the instance everything of it goes', () => {
  const history = networkHistoryStore(db);
  history.add(ID, revision());
  history.see(ID, '2026-01-01T00:00:00Z', '{}');
  history.see(ID, '2026-01-01T00:00:01Z', '{"a":1}');
  expect(history.seen(ID)).toEqual({ at: '2026-01-01T00:00:01Z', json: '{"a":1}' });
  instanceStore(db).remove(ID);
  expect([history.all(ID), history.seen(ID)]).toEqual([[], undefined]);
});
