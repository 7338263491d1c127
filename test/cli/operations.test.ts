/** What the built program does when an operation is interrupted, and when the daemon goes away beneath it. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { event, json, makeBench, operation, ran, type Bench } from './bench-cli.ts';

let bench: Bench;
beforeEach(async () => { bench = await makeBench(); });
afterEach(() => bench[Symbol.asyncDispose]());

const said = (child: ReturnType<Bench['start']>, words: string): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let heard = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
    if (heard.includes(words)) resolve();
  });
  return promise;
};

test('Ctrl-C undoes the operation, waits until it is undone, and ends with exit code 2', async () => {
  let cancelling: ServerResponse | undefined;
  const asked = Promise.withResolvers<void>();
  await bench.serve(({ method, url }, answer) => {
    if (method === 'DELETE') {
      cancelling = answer;
      asked.resolve();
    } else if (url.endsWith('/events')) event(answer, operation());
    else json(answer, operation(), 202);
  });
  const child = bench.start(['launch']);
  const end = ran(child);
  await said(child, 'Creating apollo');
  child.kill('SIGINT');
  await asked.promise;
  expect(child.exitCode).toBe(null);
  json(cancelling!, operation({ status: 'cancelled', error: { code: 'cancelled', message: 'it was cancelled', hint: null } }));
  expect(await end).toEqual({ code: 2, stdout: '', stderr: 'Creating apollo\nCancelling\nlaunch failed: cancelled, and undone\n' });
});

test('a second Ctrl-C does not wait', async () => {
  const asked = Promise.withResolvers<void>();
  await bench.serve(({ method, url }, answer) => {
    if (method === 'DELETE') asked.resolve();
    else if (url.endsWith('/events')) event(answer, operation());
    else json(answer, operation(), 202);
  });
  const child = bench.start(['launch']);
  await said(child, 'Creating apollo');
  child.kill('SIGINT');
  await asked.promise;
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
});

test('Ctrl-C while the request is on its way undoes what it began', async () => {
  let deleted = 0;
  const posted = Promise.withResolvers<ServerResponse>();
  await bench.serve(({ method, url }, answer) => {
    if (method === 'DELETE') {
      deleted += 1;
      json(answer, operation({ status: 'cancelled' }));
    } else if (url.endsWith('/events')) event(answer, operation());
    else posted.resolve(answer);
  });
  const child = bench.start(['launch']);
  const end = ran(child);
  const answer = await posted.promise;
  child.kill('SIGINT');
  // The signal is delivered before the answer can be: the child has it pending when the answer is written after it.
  await new Promise((resolve) => setTimeout(resolve, 100));
  json(answer, operation(), 202);
  expect((await end).code).toBe(2);
  expect(deleted).toBe(1);
});

test('an operation that was done before it could be undone is a success', async () => {
  await bench.serve(({ method, url }, answer) => {
    if (method === 'DELETE') json(answer, operation({ status: 'done', result: { name: 'apollo', zone: 'zone1' } }));
    else if (url.endsWith('/events')) event(answer, operation());
    else json(answer, operation(), 202);
  });
  const child = bench.start(['launch']);
  const end = ran(child);
  await said(child, 'Creating apollo');
  child.kill('SIGINT');
  expect(await end).toMatchObject({ code: 0, stdout: 'Launched: apollo in zone1\n' });
});

test('it is followed to its end by a daemon that comes after', async () => {
  const first = await bench.serve(({ url }, answer) => {
    if (url.endsWith('/events')) event(answer, operation());
    else json(answer, operation(), 202);
  });
  const child = bench.start(['launch']);
  const end = ran(child);
  await said(child, 'Creating apollo');
  first.closeAllConnections();
  await new Promise<void>((resolve) => first.close(() => resolve()));
  await bench.serve(({ url }, answer) => {
    if (url === '/v1/operations/op1/events') event(answer, operation({ status: 'done', result: { name: 'apollo', zone: 'zone1' } }));
    else json(answer, { message: 'unexpected' }, 500);
  });
  expect(await end).toMatchObject({ code: 0, stdout: 'Launched: apollo in zone1\n' });
});
