import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isKnownServer } from './known-servers.ts';

const [ONE, TWO] = [`sha256:${'1a'.repeat(32)}`, `sha256:${'2b'.repeat(32)}`];
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hf-known-'));
  file = join(directory, 'client/known-servers');
});
afterEach(() => { rmSync(directory, { recursive: true }); });

test('the first certificate at an address is kept, and no other is taken there afterwards', async () => {
  expect(await isKnownServer(file, 'lab:1', ONE)).toBe(false);
  expect([statSync(file).mode & 0o777, statSync(join(directory, 'client')).mode & 0o777]).toEqual([0o600, 0o700]);
  expect([await isKnownServer(file, 'lab:1', ONE), await isKnownServer(file, 'lab:2', TWO), await isKnownServer(file, 'xlab:1', TWO)]).toEqual([true, false, false]);
  const before = readFileSync(file, 'utf8');
  await expect(isKnownServer(file, 'lab:1', TWO)).rejects.toMatchObject({ code: 'daemon-changed', message: expect.stringContaining(`${TWO}, not ${ONE}`), hint: expect.stringContaining(file) });
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('a line written by hand is held to before the first connection', async () => {
  mkdirSync(join(directory, 'client'));
  writeFileSync(file, `# the lab\n  lab:1\t${ONE.toUpperCase().replace('SHA256', 'sha256')}\n`);
  expect(await isKnownServer(file, 'lab:1', ONE)).toBe(true);
  await expect(isKnownServer(file, 'lab:1', TWO)).rejects.toMatchObject({ code: 'daemon-changed' });
});

test('where it cannot be known whether one was seen before, none is taken', async () => {
  mkdirSync(file, { recursive: true });
  await expect(isKnownServer(file, 'lab:1', ONE)).rejects.toMatchObject({ code: 'home-unusable' });
});
