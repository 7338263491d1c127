import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('what goes through the doorman comes out as it went in, however little each side takes, in two turns of its own for a message and its answer; a new client is seen where a page begins, and nowhere else; sshd\'s end is seen with its last words, and loses no new client\'s line', async () => {
  const agent = join(import.meta.dirname, '../../src/guest/agent/files');
  const { stdout } = await promisify(execFile)('python3', [join(import.meta.dirname, 'stand-in/relay.py')], { env: { ...process.env, PYTHONPATH: agent, PYTHONDONTWRITEBYTECODE: '1' }, timeout: 60_000 });
  expect(JSON.parse(stdout)).toEqual({ 'a message': [true, true, true], 'long ones': [true, true], 'both ways': [true, true, true, true, true], 'new client': [true, true, true], 'new client behind an end': [true, true], 'end of sshd': true, 'the same within a page is nobody': false });
});
