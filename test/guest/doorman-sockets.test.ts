import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

test('sockets that the doorman could not make at first are made later, after rests that grow', async () => {
  const agent = join(import.meta.dirname, '../../src/guest/agent/files');
  const directory = await mkdtemp(join(tmpdir(), 'hf-sockets-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { stdout } = await promisify(execFile)('python3', [join(import.meta.dirname, 'stand-in/sockets.py')], { env: { ...process.env, PYTHONPATH: agent, PYTHONDONTWRITEBYTECODE: '1', TMPDIR: directory }, timeout: 30_000 });
  expect(JSON.parse(stdout)).toEqual({ before: [false, false], after: [true, true], rests: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600], left: 0 });
});
