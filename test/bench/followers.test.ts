/** What the bench counts as dropped is dropped: of a daemon that numbers its events as ours does. */
import { createServer, type ServerResponse } from 'node:http';
import { mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventHub } from '../../src/daemon/event-hub.ts';
import { waitFor } from '../real/home.ts';
import { dropped, follow, lastPublished } from './followers.ts';

test('a gap, an end that is missing, nothing at all and what came before are each counted as what they are', () => {
  const of = (...numbers: number[]): number => dropped({ numbers, letGo: false }, 5, 9);
  expect([of(6, 7, 8, 9), of(6, 9), of(6, 7), of(), of(4, 5, 6, 7, 8, 9, 10), of(9, 9)]).toEqual([0, 2, 2, 4, 0, 3]);
});

test('a listener that the daemon let go is known, and lacks what was published since', async () => {
  await using scratch = await mkdtempDisposable('/var/tmp/hf-followers-');
  const socket = join(scratch.path, 'socket');
  const hub = eventHub('d1');
  const answers: ServerResponse[] = [];
  const server = createServer((request, answer) => {
    answer.flushHeaders();
    hub.subscribe(({ id }) => void answer.write(`id: ${id}\ndata: {}\n\n`), request.headers['last-event-id'] as string | undefined);
    answers.push(answer);
  });
  await new Promise<void>((resolve) => { server.listen(socket, resolve); });
  try {
    const publish = (): void => hub.publish({ type: 'operation', operation: 'x' }, null);
    publish();
    const [kept, letGo] = [await follow(socket), await follow(socket)];
    const since = await lastPublished(socket);
    publish();
    answers[1]?.destroy();
    publish();
    const last = await lastPublished(socket);
    expect([since, last]).toEqual([1, 3]);
    await waitFor('the end of a stream to be seen', () => Promise.resolve(letGo.soFar().letGo), 5_000);
    expect(dropped(letGo.soFar(), since, last)).toBeGreaterThan(0);
    await waitFor('all events', () => Promise.resolve(dropped(kept.soFar(), since, last) === 0), 5_000);
    expect(kept.soFar().letGo).toBe(false);
    kept.hangUp();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
