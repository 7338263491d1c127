import { expect, test } from 'vitest';
import type { QmpClient } from './qmp/client.ts';
import { goOn } from './state-transfer.ts';

/** @param statuses  what query-migrate says, one after the other */
function monitorThat(statuses: readonly string[], refuses: readonly string[] = []) {
  const said: string[] = [];
  const left = [...statuses];
  const execute = (name: string): Promise<unknown> => {
    said.push(name);
    if (refuses.includes(name)) return Promise.reject(new Error(`no ${name}`));
    return Promise.resolve(name === 'query-migrate' ? { status: left.length > 1 ? left.shift() : left[0] } : {});
  };
  return { said, monitor: { execute } as unknown as QmpClient };
}

test('a guest goes on when the save that was given up is over, so that its end does not stop it again', async () => {
  const { said, monitor } = monitorThat(['active', 'cancelling', 'cancelled']);
  await goOn(monitor);
  expect(said).toEqual(['query-migrate', 'migrate_cancel', 'query-migrate', 'query-migrate', 'cont']);
});

test('where nothing is saved any more it goes on at once', async () => {
  for (const status of ['none', 'completed', 'failed', 'cancelled']) {
    const { said, monitor } = monitorThat([status]);
    await goOn(monitor);
    expect(said).toEqual(['query-migrate', 'cont']);
  }
});

test('it goes on although the save cannot be ended', async () => {
  const { said, monitor } = monitorThat(['active'], ['migrate_cancel']);
  await goOn(monitor);
  expect(said.at(-1)).toBe('cont');
});
