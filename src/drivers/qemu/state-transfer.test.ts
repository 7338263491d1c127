import { expect, test } from 'vitest';
import type { MachineEnd } from '../driver.ts';
import type { QmpClient } from './qmp/client.ts';
import { goOn, requireUncrashed } from './state-transfer.ts';

const PANIC: MachineEnd = { kind: 'panicked', reason: 'Kernel panic - not syncing: Oops' };

/** @param statuses  what query-migrate says, one after the other */
function monitorThat(statuses: readonly string[], { refuses = [], status = 'paused' }: { readonly refuses?: readonly string[]; readonly status?: string } = {}) {
  const said: string[] = [];
  const left = [...statuses];
  const execute = (name: string): Promise<unknown> => {
    said.push(name);
    if (refuses.includes(name)) return Promise.reject(new Error(`no ${name}`));
    if (name === 'query-status') return Promise.resolve({ status });
    return Promise.resolve(name === 'query-migrate' ? { status: left.length > 1 ? left.shift() : left[0] } : {});
  };
  return { said, monitor: { execute } as unknown as QmpClient };
}

test('a guest goes on when the save that was given up is over, so that its end does not stop it again', async () => {
  const { said, monitor } = monitorThat(['active', 'cancelling', 'cancelled']);
  await goOn({ monitor, end: undefined });
  expect(said).toEqual(['query-migrate', 'migrate_cancel', 'query-migrate', 'query-migrate', 'query-status', 'cont']);
});

test('where nothing is saved any more it goes on at once', async () => {
  for (const status of ['none', 'completed', 'failed', 'cancelled']) {
    const { said, monitor } = monitorThat([status]);
    await goOn({ monitor, end: undefined });
    expect(said).toEqual(['query-migrate', 'query-status', 'cont']);
  }
});

test('it goes on although the save cannot be ended', async () => {
  const { said, monitor } = monitorThat(['active'], { refuses: ['migrate_cancel'] });
  await goOn({ monitor, end: undefined });
  expect(said.at(-1)).toBe('cont');
});

test.each([
  ['as its console said', { status: 'paused' }, PANIC],
  ['as QEMU says, and nobody heard', { status: 'guest-panicked' }, undefined],
  ['with QEMU itself', { status: 'internal-error' }, undefined],
])('a guest that crashed, %s, stays as it is, and cannot be saved; what was being saved is ended', async (_how, monitorSays, end) => {
  const { said, monitor } = monitorThat(['active', 'cancelled'], monitorSays);
  await goOn({ monitor, end });
  expect(said).toEqual(['query-migrate', 'migrate_cancel', 'query-migrate', 'query-status']);
  await expect(requireUncrashed('apollo', 'suspended', { monitor, end })).rejects.toMatchObject({
    code: 'machine-failed', message: `apollo cannot be suspended: it crashed meanwhile${end === undefined ? '' : ': Kernel panic - not syncing: Oops'}`,
  });
});

test('one that was seen to crash just before it is let go on is not', async () => {
  const { said, monitor } = monitorThat(['completed']);
  let end: MachineEnd | undefined;
  const execute = monitor.execute.bind(monitor);
  monitor.execute = async (name, args) => {
    const result = await execute(name, args);
    if (name === 'query-status') end = PANIC;
    return result;
  };
  await goOn({ monitor, get end() { return end; } });
  expect(said).not.toContain('cont');
});
