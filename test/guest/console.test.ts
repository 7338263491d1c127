/** The last rung, on a line whose shell answers at once. */
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ConsoleShell } from '../../src/guest/rungs/console.ts';
import { collectGarbage } from '../collect-garbage.ts';

const never = new AbortController().signal;
/** Within which a line is let go of after its command. */
const LAST_BYTES_MS = 1_000;

function answeringLine(): Duplex {
  return new Duplex({
    read() {},
    write(piece: Buffer, _encoding, done) {
      const coded = [...piece.toString().matchAll(/ hf=\$\{hf\}(\S+)/g)].map(([, part]) => part).join('');
      const found = /m=(\w+); m="\$m"(\w+)/.exec(Buffer.from(coded, 'base64').toString());
      if (found) {
        const marker = `${found[1]}${found[2]}`;
        this.push(`\n${marker}-out\n${Buffer.from('well').toString('base64')}\n${marker}-err\n\n${marker}-end 0\n`);
      }
      done();
    },
  });
}

test('what a command answered is not kept for the next', async () => {
  await using shell = new ConsoleShell({ connect: () => Promise.resolve(answeringLine()) }, undefined);
  const answer = async (): Promise<WeakRef<object>> => {
    const session = await shell.exec({ command: ['true'] }, never);
    const exit = await session.exit;
    expect([exit, Buffer.concat(await session.stdout.toArray()).toString()]).toEqual([{ code: 0 }, 'well']);
    return new WeakRef(exit);
  };
  const answers: WeakRef<object>[] = [];
  for (let count = 0; count < 20; count += 1) answers.push(await answer());
  await sleep(LAST_BYTES_MS + 200);
  collectGarbage();
  expect(answers.filter((each) => each.deref() !== undefined).length).toBeLessThan(3);
});
