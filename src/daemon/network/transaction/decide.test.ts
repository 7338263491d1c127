import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fail } from '../../../core/errors.ts';
import type { Revision } from '../../../core/network/revision.ts';
import type { ExecSession, GuestShell } from '../../../guest/shell.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { settlePending } from './decide.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const PENDING = { number: 2, transaction: 't1', command: 'net apply' } as Revision;
const ANSWERS: Readonly<Record<string, object>> = {
  status: { v: 1, phase: 'none' }, rollback: { v: 1, id: 't1', outcome: 'rolled-back', why: 'it was not confirmed in time', restored: [] },
};

/** Into a guest that has undone the change. */
const shell: Pick<GuestShell, 'exec'> = {
  exec: ({ command }) => Promise.resolve({
    stdin: new PassThrough(), stdout: Readable.from([Buffer.from(JSON.stringify(ANSWERS[command.at(-1) ?? '']))]), stderr: Readable.from([]), exit: Promise.resolve({ code: 0 }),
    resize() {}, signal() {}, async [Symbol.asyncDispose]() {},
  } satisfies ExecSession),
};

const answers = async (): Promise<{ readonly shell: typeof shell }> => ({ shell });

function guestWith(reach: typeof answers, armed: () => Revision | undefined) {
  const log = vi.fn<House['log']['line']>();
  const settled = vi.fn<House['history']['settle']>();
  const machine = { guest: { hold: { level: 'held', reason: null }, reach }, isPaused: false, end: undefined };
  const supervisor = { id: '00c0ffee', name: 'apollo', machine } as unknown as Supervisor;
  const house = { history: { armed, settle: settled }, events: { publish: () => {} }, log: { line: log } } as unknown as House;
  return { house, supervisor, log, settled };
}

test.each([
  [fail('no-space', 'the database cannot be written'), 'free some disk space where the home is'],
  [new Error('the database is locked'), 'it is tried again; how it stands: holdfast net history apollo'],
])('a change that was left open is settled also when the store fails at first: %s', async (error, remedy) => {
  const armed = vi.fn<() => Revision>(() => PENDING).mockImplementationOnce(() => { throw error; });
  const { house, supervisor, log, settled } = guestWith(answers, armed);
  await settlePending(house, supervisor);
  expect(log.mock.calls).toEqual([['net-settle', 'apollo', expect.stringContaining(error.message) as string, remedy]]);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(15_000);
  await vi.waitFor(() => expect(settled).toHaveBeenCalledWith('00c0ffee', 2, 'rolled-back', 'it was not confirmed in time'));
  expect(log).toHaveBeenCalledTimes(1);
});

test('a guest that cannot be asked is asked again, and the log says so; of one that has ended it says nothing', async () => {
  const reach = vi.fn<typeof answers>(() => Promise.reject(fail('guest-unreachable', 'its lane is shut')));
  const { house, supervisor, log } = guestWith(reach, () => PENDING);
  await settlePending(house, supervisor);
  await vi.advanceTimersByTimeAsync(15_000);
  expect([reach.mock.calls.length, log.mock.calls.map(([cause]) => cause)]).toEqual([2, ['net-settle', 'net-settle']]);
  reach.mockImplementationOnce(() => {
    Object.assign(supervisor, { machine: undefined });
    return Promise.reject(fail('guest-unreachable', 'it has ended'));
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([reach.mock.calls.length, log.mock.calls.length]).toEqual([3, 2]);
});

test('of one that is paused while it is asked the log says nothing, and it is not asked again before it goes on', async () => {
  const reach = vi.fn<typeof answers>();
  const { house, supervisor, log } = guestWith(reach, () => PENDING);
  reach.mockImplementationOnce(() => {
    Object.assign(supervisor.machine ?? {}, { isPaused: true });
    return Promise.reject(fail('guest-unreachable', 'it stands still'));
  });
  await settlePending(house, supervisor);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([reach.mock.calls.length, log.mock.calls.length]).toEqual([1, 0]);
});

test('what two ask for at once is settled once', async () => {
  const { house, supervisor, settled } = guestWith(answers, () => (settled.mock.calls.length === 0 ? PENDING : undefined));
  await Promise.all([settlePending(house, supervisor), settlePending(house, supervisor)]);
  expect(settled).toHaveBeenCalledTimes(1);
});
