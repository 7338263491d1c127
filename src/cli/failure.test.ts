import { expect, test } from 'vitest';
import { connectionError } from '../client/request.ts';
import { mountsDisabled } from '../core/mounts/mount.ts';
import { BatchError, failureOf } from './failure.ts';

test.each([['EACCES', 'access denied'], ['EPERM', 'access denied'], ['ENOENT', ''], ['ECONNREFUSED', '']])('a socket that ends with %s is named after the program', (code, denied) => {
  for (const program of ['holdfast', 'multipass'] as const) {
    const { text, exit } = failureOf({ name: 'list' }, connectionError(Object.assign(new Error(code), { code })), 0, program);
    expect([text.split('\n')[0], exit]).toEqual([denied ? `list failed: ${program} socket access denied` : `list failed: cannot connect to the ${program} socket`, 2]);
  }
});

test('what names the program names it as it was called, of one error and of several', () => {
  const errors = [connectionError(Object.assign(new Error('no'), { code: 'ENOENT' })), mountsDisabled()];
  const said = (error: unknown): string[] => failureOf({ name: 'start' }, error, 0, 'multipass').text.split('\n');
  expect(errors.map((error) => said(error)[0])).toEqual(['start failed: cannot connect to the multipass socket', 'start failed: Mounts are disabled on this installation of Multipass.']);
  expect(said(new BatchError(errors)).slice(1, 3)).toEqual(['cannot connect to the multipass socket', 'Mounts are disabled on this installation of Multipass.']);
});

test('a bug is a failure of its command; 3 is said of a daemon that is not there', () => {
  expect(failureOf({ name: 'list' }, new TypeError('x is undefined')).exit).toBe(2);
});
