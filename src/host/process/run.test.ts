import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from './run.ts';

const request = { package: 'coreutils', deadlineMs: 5000 };

test('gives what the tool said', async () => {
  expect((await run({ ...request, tool: 'echo', args: ['a b', '$HOME'] })).stdout).toBe('a b $HOME\n');
});

test('a missing tool is named with its package', async () => {
  await expect(run({ ...request, tool: 'no-such-tool', package: 'some-package', args: [] })).rejects.toMatchObject({
    code: 'tool-missing', message: 'no-such-tool is not installed', hint: 'install it: apt-get install some-package',
  });
});

test('a failure quotes the last line the tool wrote', async () => {
  await expect(run({ ...request, tool: 'sh', args: ['-c', 'echo first >&2; echo second >&2; exit 3'] }))
    .rejects.toMatchObject({ code: 'machine-failed', message: 'sh failed: second' });
});

test('of arrows below a line, the reason above it is quoted', async () => {
  await expect(run({ ...request, tool: 'sh', args: ['-c', 'printf "x:1:2-9: Error: no such name\\n  here it is\\n  ^^^^\\n" >&2; exit 1'] }))
    .rejects.toMatchObject({ message: 'sh failed: x:1:2-9: Error: no such name' });
});

test('a full disk is told as such', async () => {
  await expect(run({ ...request, tool: 'sh', args: ['-c', 'echo "x: No space left on device" >&2; exit 1'] })).rejects.toMatchObject({ code: 'no-space' });
});

test('deadline, abort and too much output each end the tool', async () => {
  await expect(run({ ...request, tool: 'sleep', args: ['60'], deadlineMs: 30 })).rejects.toMatchObject({ code: 'too-slow', message: 'sleep did not end within 0.03 s', hint: expect.stringContaining('try again') as string });
  await expect(run({ ...request, tool: 'sleep', args: ['60'], signal: AbortSignal.timeout(30) })).rejects.toMatchObject({ code: 'cancelled' });
  await expect(run({ ...request, tool: 'yes', args: [], maxOutputBytes: 1000 })).rejects.toMatchObject({ code: 'machine-failed' });
});

test('a tool whose own child holds its output is given up some seconds after its deadline', async () => {
  const begun = performance.now();
  const held = mkdtempSync(join(tmpdir(), 'hf-run-'));
  // It lives until its directory is gone.
  const child = `while [ -d ${held} ]; do sleep 0.2; done`;
  try {
    await expect(run({ ...request, tool: 'sh', args: ['-c', `(${child}) & wait`], deadlineMs: 100 })).rejects.toMatchObject({ code: 'too-slow' });
    expect(performance.now() - begun).toBeGreaterThan(4_000);
    await expect(run({ ...request, tool: 'sh', args: ['-c', `(${child}) & exit 0`], deadlineMs: 100 })).rejects.toMatchObject({ code: 'too-slow' });
  } finally {
    rmSync(held, { recursive: true });
  }
}, 60_000);
