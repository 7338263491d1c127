import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Finding } from '../../drivers/check.ts';
import { homeLayout } from '../../core/home.ts';
import { hostChecks } from './host-checks.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hf-tools-'));
  vi.stubEnv('PATH', directory);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

async function signatures(): Promise<Finding | undefined> {
  const layout = homeLayout({ env: { HOLDFAST_HOME: directory }, uid: 0, platform: 'linux', homedir: directory });
  return await hostChecks({ layout, version: '0' }).find(({ id }) => id === 'signatures')?.run(new AbortController().signal);
}

test('a host without gpgv is warned, with what to install, and not with a program that cannot be run', async () => {
  const lacking = { status: 'warn', seen: expect.stringContaining('gpgv is not installed') as string, remedy: 'install: sudo apt-get install gpgv' };
  expect(await signatures()).toMatchObject(lacking);
  writeFileSync(join(directory, 'gpgv'), '#!/bin/sh\n', { mode: 0o644 });
  expect(await signatures()).toMatchObject(lacking);
  chmodSync(join(directory, 'gpgv'), 0o755);
  expect(await signatures()).toEqual({ status: 'ok', seen: 'it is there' });
});
