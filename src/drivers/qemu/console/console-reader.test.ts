import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConsoleReader } from './console-reader.ts';

const PIECES = 3_000;
let directory: string;
beforeEach(async () => { directory = await mkdtemp('/var/tmp/hf-console-'); });
afterEach(async () => { await rm(directory, { recursive: true }); });

test('what a serial line hands over byte by byte is taken in large pieces, all of it and in order', async () => {
  const text = Array.from({ length: PIECES }, (_, index) => `line ${index}\n`);
  const say = async (socket: Socket): Promise<void> => {
    for (const line of text) {
      socket.write(line);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  };
  const path = join(directory, 'con');
  const server = createServer((socket) => void say(socket));
  await new Promise<void>((resolve) => { server.listen(path, resolve); });
  const reader = await ConsoleReader.connect(path, join(directory, 'log'), { kernel() {}, panic() {} });
  const { stream } = await reader.attach(0);
  const taken: Buffer[] = [];
  const last = text.at(-1) ?? '';
  for await (const chunk of stream) {
    taken.push(chunk as Buffer);
    if (Buffer.concat(taken).toString().endsWith(last)) break;
  }
  expect(Buffer.concat(taken).toString()).toBe(text.join(''));
  expect(taken.length).toBeLessThan(PIECES / 10);
  await reader[Symbol.asyncDispose]();
  expect(await readFile(join(directory, 'log'), 'utf8')).toBe(text.join(''));
  server.close();
}, 20_000);
