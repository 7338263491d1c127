import { expect, test } from 'vitest';
import { connectionError } from '../client/request.ts';
import { failureOf } from './failure.ts';

test.each([['EACCES', 'access denied'], ['EPERM', 'access denied'], ['ENOENT', ''], ['ECONNREFUSED', '']])('a socket that ends with %s is named after the program', (code, denied) => {
  for (const program of ['holdfast', 'multipass'] as const) {
    const { text, exit } = failureOf({ name: 'list' }, connectionError(Object.assign(new Error(code), { code })), 0, program);
    expect([text.split('\n')[0], exit]).toEqual([denied ? `list failed: ${program} socket access denied` : `list failed: cannot connect to the ${program} socket`, 2]);
  }
});
