import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fail } from '../../../core/errors.ts';
import type { NetplanReport } from '../../../guest/report.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { netplanReports } from './netplan-reports.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const report = (text: string | null, transaction: string | null = null): NetplanReport => ({
  type: 'netplan', first: false, digest: 'd', omitted: 0, transaction, trouble: null, files: [{ path: '/etc/netplan/50-cloud-init.yaml', mode: 0o600, uid: 0, gid: 0, mtimeNs: '0', bytes: text?.length ?? 1, sha256: 's', text }],
});

function keeping() {
  const line = vi.fn<House['log']['line']>();
  const hasTransaction = vi.fn<House['history']['hasTransaction']>(() => false);
  const add = vi.fn<House['history']['add']>(() => 1);
  const reach = vi.fn<() => Promise<never>>(() => Promise.reject(fail('guest-unreachable', 'its lane is shut')));
  const supervisor = { id: '00c0ffee', name: 'apollo', machine: { guest: { reach }, isPaused: false, end: undefined } } as unknown as Supervisor;
  const house = { history: { hasTransaction, add, standing: () => undefined }, log: { line } } as unknown as House;
  return { reports: netplanReports(house, supervisor), supervisor, line, hasTransaction, add, reach };
}

test('a report that cannot be kept is told, its listener goes on, and the next one becomes history', async () => {
  const { reports, line, add } = keeping();
  add.mockImplementationOnce(() => { throw fail('no-space', 'the disk is full'); });
  reports.give(report('first'));
  reports.give(report('second'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(line.mock.calls).toEqual([['netplan-history', 'apollo', 'what was seen of apollo\'s network could not be kept: the disk is full', 'free some disk space where the home is']]);
  expect(add.mock.calls.map(([, { files }]) => files[0]?.content)).toEqual(['first', 'second']);
});

test('a store that cannot even be read keeps no later report from becoming history', async () => {
  const { reports, line, hasTransaction, add } = keeping();
  hasTransaction.mockImplementationOnce(() => { throw new Error('database disk image is malformed'); });
  reports.give(report('by netguard', 't1'));
  reports.give(report('by hand'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(line.mock.calls[0]?.slice(2)).toEqual([expect.stringContaining('malformed'), 'what is known of it: holdfast net history apollo']);
  expect(add.mock.calls.map(([, { files }]) => files[0]?.content)).toEqual(['by hand']);
});

test('what is too large for a report is asked for, unless a transaction has put it there; a guest that does not answer is told of while its machine runs', async () => {
  const { reports, supervisor, line, hasTransaction, reach } = keeping();
  hasTransaction.mockImplementation((_id, transaction) => transaction === 'ours');
  reports.give(report(null, 'ours'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(reach).not.toHaveBeenCalled();
  reports.give(report(null));
  await vi.advanceTimersByTimeAsync(1000);
  expect([reach.mock.calls.length, line.mock.calls.map(([, , message]) => message)]).toEqual([1, [expect.stringContaining('its lane is shut')]]);
  reach.mockImplementationOnce(() => {
    Object.assign(supervisor, { machine: undefined });
    return Promise.reject(new Error('it has ended'));
  });
  reports.give(report(null));
  await vi.advanceTimersByTimeAsync(5000);
  expect([reach.mock.calls.length, line.mock.calls.length]).toEqual([2, 1]);
});
