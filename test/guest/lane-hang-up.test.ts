import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('late word that a former client has left does not end its successor; one that has left is let go of, and a word of the host\'s is heard though it has not', async () => {
  const agent = join(import.meta.dirname, '../../src/guest/agent/files');
  const { stdout } = await promisify(execFile)('python3', [join(import.meta.dirname, 'stand-in/port.py')], { env: { ...process.env, PYTHONPATH: agent, PYTHONDONTWRITEBYTECODE: '1' }, timeout: 60_000 });
  expect(JSON.parse(stdout)).toEqual({ 'told of room': 2, late: [1, true, 1, 0], left: [true, true, 1], 'taken over': [0, 0], word: [true, ['{"do":"clock"}\n']] });
});
