import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

test('late word that a former client has left does not end its successor; one that has left is let go of, and a word of the host\'s is heard though it has not; a new client\'s first line is kept until the kernel says that it is there, and no longer than a doubt lasts', async () => {
  const agent = join(import.meta.dirname, '../../src/guest/agent/files');
  const directory = await mkdtemp(join(tmpdir(), 'hf-port-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { stdout } = await promisify(execFile)('python3', [join(import.meta.dirname, 'stand-in/port.py')], { env: { ...process.env, PYTHONPATH: agent, PYTHONDONTWRITEBYTECODE: '1', TMPDIR: directory }, timeout: 60_000 });
  expect(JSON.parse(stdout)).toEqual({
    "before the kernel's word": [['SSH-2.0-new\r\n'], [], ['SSH-2.0-new\r\n'], ['SSH-2.0-new\r\n']],
    'told of room': 2, late: [1, true, 1, 0], left: [true, true, 1], 'taken over': [0, 0], word: [true, ['{"do":"clock"}\n']],
  });
});
