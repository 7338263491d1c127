import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from './log.ts';
import { printable } from './log-reader.ts';

let directory = '';
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'holdfast-log-')); });
afterEach(() => rmSync(directory, { recursive: true }));
const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

test('one line per cause and instance in ten minutes, then with the count of those held back', () => {
  const path = join(directory, 'log');
  let now = Date.parse('2026-01-01T00:00:00Z');
  const log = openLog(path, () => now);
  for (let second = 0; second < 599; second += 1) {
    log.line('lane', 'apollo', 'the control lane is lost', 'see: holdfast info apollo');
    now += 1000;
  }
  log.line('lane', 'artemis', 'the control lane is lost');
  expect(lines(path)).toHaveLength(2);
  now += 1000;
  log.line('lane', 'apollo', 'the control lane is lost');
  expect(lines(path).at(-1)).toContain('and 598 times more since 2026-01-01T00:00:00.000Z');
});

test('a clock that was set back does not make the log silent', () => {
  const path = join(directory, 'log');
  let now = Date.parse('2026-01-01T12:00:00Z');
  const log = openLog(path, () => now);
  log.line('lane', 'apollo', 'the control lane is lost');
  now -= 3_600_000;
  log.line('lane', 'apollo', 'the control lane is lost');
  expect(lines(path)).toHaveLength(2);
});

test('a guest\'s words bring neither lines nor terminal control into the log', () => {
  const path = join(directory, 'log');
  openLog(path).line('x', 'apollo', 'panic\n2026 root logged in\u001b[2J', null);
  expect(lines(path)).toHaveLength(1);
  expect(readFileSync(path, 'utf8')).not.toContain('\u001b');
});

test('the file is bounded', () => {
  const path = join(directory, 'log');
  const log = openLog(path);
  for (let index = 0; index < 1500; index += 1) log.line(`cause ${index}`, null, 'x'.repeat(1900));
  expect(statSync(path).size).toBeLessThanOrEqual(1024 * 1024);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1024 * 1024);
});

test('console output is shown without what would steer the terminal', () => {
  expect(printable('\u001b[1;31mred\u001b[0m\r\n\u001b]0;title\u0007next\rline\u0000\u0008\n')).toBe('red\nnext\nline\n');
});

test('a log that cannot be written is no trouble to whoever has something to say', () => {
  openLog(join(directory, 'not', 'there', 'log')).line('x', null, 'words');
});
