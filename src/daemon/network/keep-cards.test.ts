import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { ExtraCard } from '../../core/instance.ts';
import type { GuestShell } from '../../guest/shell.ts';
import type { Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { tellNewFork, tellOfCards } from './keep-cards.ts';

const CARD: ExtraCard = { slot: 1, mac: '52:54:00:00:c0:ff', network: 'lan', mode: 'auto', address: null, seeded: false };

/** A guest whose every command ends with the code, a moment later; says how many ran at once. */
function guest(code: number, cards: readonly ExtraCard[], level = 'held') {
  const seen = { commands: 0, running: 0, mostAtOnce: 0 };
  const shell: Pick<GuestShell, 'exec'> = {
    exec: async () => {
      seen.commands += 1;
      seen.running += 1;
      seen.mostAtOnce = Math.max(seen.mostAtOnce, seen.running);
      const over = new Promise<void>((resolve) => { setTimeout(resolve, 20); }).then(() => { seen.running -= 1; });
      const output = (): PassThrough => new PassThrough().end();
      return { stdin: new PassThrough().resume(), stdout: output(), stderr: output(), exit: over.then(() => ({ code })), resize() {}, signal() {}, async [Symbol.asyncDispose]() {} };
    },
  };
  const machine = { guest: { hold: { level }, reach: () => Promise.resolve({ shell }) } };
  return { seen, supervisor: { name: 'apollo', machine, record: { instance: { spec: { cards } } } } as unknown as Supervisor };
}

function task(): { readonly notices: string[]; readonly task: Task } {
  const notices: string[] = [];
  return { notices, task: { signal: new AbortController().signal, progress: () => {}, notice: (text: string) => { notices.push(text); } } as unknown as Task };
}

test.each([
  ['takes them', guest(0, [CARD]), []],
  ['has no netplan', guest(3, [CARD]), ['the further cards of apollo are not configured: the guest has no netplan, so its further network cards are for it to configure']],
  ['does not answer', guest(0, [CARD], 'lost'), ['apollo does not answer: it is told of its cards when it does']],
])('the launch of a fork whose guest %s says what became of its cards', async (_what, { supervisor }, notices) => {
  const told = task();
  await tellNewFork(supervisor, told.task);
  expect(told.notices).toEqual(notices);
});

test('a guest that has none, or has them from its seed, is not asked', async () => {
  for (const cards of [[], [{ ...CARD, seeded: true }], [{ ...CARD, mode: 'manual' as const }]]) {
    const { seen, supervisor } = guest(3, cards);
    await tellNewFork(supervisor, task().task);
    expect(seen.commands).toBe(0);
  }
});

test('who tells a guest of its cards waits for who tells it already', async () => {
  const { seen, supervisor } = guest(0, [CARD]);
  const { signal } = new AbortController();
  await Promise.all([tellOfCards(supervisor, signal), tellOfCards(supervisor, signal), tellNewFork(supervisor, task().task)]);
  expect([seen.commands, seen.mostAtOnce]).toEqual([3, 1]);
});
