import { expect, test } from 'vitest';
import { ConsoleShare } from './console-share.ts';

function makeShare() {
  const typed: string[] = [];
  const share = new ConsoleShare((keys, done) => {
    typed.push(keys.toString());
    done();
  });
  return { share, typed };
}

const all = async (stream: AsyncIterable<unknown>): Promise<string> => {
  let text = '';
  for await (const piece of stream) text += String(piece);
  return text;
};

test('all who are attached see the same from then on, and each may type', async () => {
  const { share, typed } = makeShare();
  const first = share.attach();
  share.give(Buffer.from('one '));
  const second = share.attach();
  share.give(Buffer.from('two'));
  first.write('a');
  second.write('b');
  share.end();
  expect(await all(first)).toBe('one two');
  expect(await all(second)).toBe('two');
  expect(typed).toEqual(['a', 'b']);
});

test('who does not read misses something, is told how much, and costs neither memory nor the others anything', async () => {
  const { share } = makeShare();
  const slow = share.attach();
  const quick = share.attach();
  let seen = 0;
  quick.on('data', (piece: Buffer) => { seen += piece.length; });
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let count = 0; count < 100; count += 1) {
    share.give(piece);
    await new Promise(setImmediate);
  }
  expect(seen).toBe(100 * piece.length);
  expect(slow.readableLength).toBeLessThanOrEqual(256 * 1024);
  const left = piece.length * 100 - slow.readableLength;
  slow.read();
  share.give(Buffer.from('the end'));
  share.end();
  expect(await all(slow)).toBe(`\r\n[${left} bytes of the console are left out here: they were not read in time]\r\nthe end`);
});

test('who has left is given nothing any more', async () => {
  const { share } = makeShare();
  const stream = share.attach();
  stream.destroy();
  await new Promise(setImmediate);
  share.give(Buffer.from('x'));
  share.end();
  expect(stream.readableLength).toBe(0);
});

test('keys wait for the machine', async () => {
  const waiting: (() => void)[] = [];
  const share = new ConsoleShare((_keys, done) => { waiting.push(done); });
  const stream = share.attach();
  let accepted = true;
  for (let count = 0; accepted && count < 100; count += 1) accepted = stream.write(Buffer.alloc(1024));
  expect(accepted).toBe(false);
  expect(waiting).toHaveLength(1);
  const drained = new Promise((resolve) => { stream.once('drain', resolve); });
  while (waiting.length > 0) {
    waiting.shift()?.();
    await new Promise(setImmediate);
  }
  await drained;
});

test('who ends its keys has left once the last was taken, with all that was said until then', async () => {
  const { share, typed } = makeShare();
  const stream = share.attach();
  share.give(Buffer.from('login: '));
  stream.end('root\r');
  expect(await all(stream)).toBe('login: ');
  expect(typed).toEqual(['root\r']);
});
