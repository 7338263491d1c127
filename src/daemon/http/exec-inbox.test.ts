import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { takeInto } from './exec-inbox.ts';

test('a writer that stalls over and over pauses the client each time, and is listened to once', async () => {
  const said: string[] = [];
  let go = (): void => {};
  const writer = new Writable({ highWaterMark: 1, write(_piece, _encoding, done) { go = done; } });
  const take = takeInto(writer, { pause: () => void said.push('pause'), resume: () => void said.push('resume') });
  const listeners = ['drain', 'close'].map((event) => writer.listenerCount(event));
  for (let count = 0; count < 100; count += 1) {
    take(Buffer.from('xx'));
    go();
    await setImmediate();
  }
  expect(['drain', 'close'].map((event) => writer.listenerCount(event))).toEqual(listeners);
  expect(said).toEqual(Array.from({ length: 100 }, () => ['pause', 'resume']).flat());
  take(Buffer.from('xx'));
  writer.destroy();
  await setImmediate();
  expect(said.slice(-2)).toEqual(['pause', 'resume']);
  take(Buffer.from('xx'));
  expect(said).toHaveLength(202);
});
