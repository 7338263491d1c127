import { expect, test, vi } from 'vitest';
import { unplugCard } from './cards.ts';
import type { QmpClient } from './qmp/client.ts';

test('a guest that does not let go of a card is named, with what to do', async () => {
  vi.useFakeTimers();
  try {
    const monitor = { execute: () => Promise.resolve({}), onEvent: () => () => {} } as unknown as QmpClient;
    const refused = expect(unplugCard(monitor, 'apollo', 2)).rejects.toMatchObject({
      message: 'the guest of apollo did not let go of its network card 2 within 40 s',
      hint: expect.stringContaining('holdfast net detach apollo 2') as string,
    });
    await vi.advanceTimersByTimeAsync(40_000);
    await refused;
  } finally {
    vi.useRealTimers();
  }
});
