import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WireOperation } from '../api/schemas.ts';
import { followOperation } from './follow.ts';

const RUNNING: WireOperation = {
  id: 'x', kind: 'launch', instance: 'apollo', status: 'running', stage: 'Waiting', fraction: null, notices: [], error: null, result: {},
  startedAt: '2026-11-23T00:00:00Z', endedAt: null,
};
const tell = (answer: ServerResponse, operation: WireOperation) => answer.write(`data: ${JSON.stringify(operation)}\n\n`);

let directory = '';
beforeEach(async () => { directory = await mkdtemp('/tmp/hf-follow-'); });
afterEach(async () => { await rm(directory, { recursive: true, force: true }); });

/** Each connection is answered by the next of these. */
async function serve(answers: ((answer: ServerResponse) => void)[]): Promise<AsyncDisposable & { readonly socket: string }> {
  const socket = join(directory, 'd.sock');
  const server = createServer((_request, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answers.shift()?.(answer);
  });
  await new Promise<void>((resolve) => { server.listen(socket, resolve); });
  return { socket, async [Symbol.asyncDispose]() {
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  } };
}

test('a stage that was silent for longer than the deadline does not count as an absent daemon', async () => {
  await using daemon = await serve([
    (answer) => {
      tell(answer, RUNNING);
      setTimeout(() => answer.destroy(), 300);
    },
    (answer) => tell(answer, { ...RUNNING, status: 'done' }),
  ]);
  const ended = await followOperation({ socket: daemon.socket, id: 'x', onChange: () => {}, revive: () => Promise.resolve(), deadlineMs: 200 });
  expect(ended.status).toBe('done');
});

test('a daemon that stays away is given up after the deadline, with the reason', async () => {
  const followed = followOperation({ socket: join(directory, 'none.sock'), id: 'x', onChange: () => {}, revive: () => Promise.resolve(), deadlineMs: 200 });
  await expect(followed).rejects.toMatchObject({ code: 'daemon-unreachable' });
});
