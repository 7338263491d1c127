import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownPath } from '../../../test/own-path.ts';
import type { Finding } from '../../drivers/check.ts';
import { homeLayout } from '../../core/home.ts';
import { hostChecks } from './host-checks.ts';

const path = ownPath();

async function look(id: string): Promise<Finding | undefined> {
  const layout = homeLayout({ env: { HOLDFAST_HOME: path.directory }, uid: 0, platform: 'linux', homedir: path.directory });
  return await hostChecks({ layout, version: '0' }).find((check) => check.id === id)?.run(new AbortController().signal);
}

test('a host without gpgv is warned, with what to install, and not with a program that cannot be run', async () => {
  const lacking = { status: 'warn', seen: expect.stringContaining('gpgv is not installed') as string, remedy: 'install: sudo apt-get install gpgv' };
  expect(await look('signatures')).toMatchObject(lacking);
  path.tool('gpgv', '');
  chmodSync(join(path.directory, 'gpgv'), 0o644);
  expect(await look('signatures')).toMatchObject(lacking);
  chmodSync(join(path.directory, 'gpgv'), 0o755);
  expect(await look('signatures')).toEqual({ status: 'ok', seen: 'it is there' });
});

test('so is one without xz', async () => {
  expect(await look('xz')).toMatchObject({ status: 'warn', seen: expect.stringContaining('xz is not installed') as string, remedy: 'install: sudo apt-get install xz-utils' });
  path.tool('xz', '');
  expect(await look('xz')).toEqual({ status: 'ok', seen: 'it is there' });
});
