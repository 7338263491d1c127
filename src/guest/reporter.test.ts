import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepReporter } from './reporter.ts';
import type { GuestShell } from './shell.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** A guest whose reporters end after so long, one after another; -> by which way each was begun. */
async function begun(lives: readonly number[]): Promise<string[]> {
  const ways: string[] = [];
  const over = new AbortController();
  const life = (way: string): PassThrough => {
    const stream = new PassThrough();
    const lasts = lives[ways.length];
    ways.push(way);
    if (lasts === undefined) { over.abort(); stream.end(); }
    else setTimeout(() => { stream.end(); }, lasts);
    return stream;
  };
  const shell = {
    user: 'root', alive: true, closed: new Promise<string>(() => {}),
    connect: () => Promise.resolve(life('door')),
    exec: () => Promise.resolve({ stdin: new PassThrough(), stdout: life('program'), stderr: new PassThrough().end(), exit: Promise.resolve({ code: 1 }), resize() {}, signal() {}, async [Symbol.asyncDispose]() {} }),
    async [Symbol.asyncDispose]() {},
  } satisfies GuestShell;
  const kept = keepReporter(shell, '/nowhere', { report() {}, log() {} }, over.signal);
  await vi.advanceTimersByTimeAsync(3_600_000);
  await kept;
  return ways;
}

test('a reporter that ended after it had stood is asked for at the doorman again; one that had not is started as a program, until that has stood', async () => {
  expect(await begun([61_000, 61_000, 5_000, 61_000, 5_000, 5_000])).toEqual(['door', 'door', 'door', 'program', 'door', 'program', 'program']);
});
