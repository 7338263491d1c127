import { expect, test } from 'vitest';
import { calledAs, inTheNameOf } from './program.ts';

test('a launcher says as whom it calls, with its first word only', () => {
  expect(calledAs(['--as=multipass', 'list'])).toEqual({ program: 'multipass', rest: ['list'] });
  expect(calledAs(['exec', 'a', '--', '--as=multipass'])).toMatchObject({ program: 'holdfast' });
  expect(calledAs(['--as=else'])).toEqual({ program: 'holdfast', rest: ['--as=else'] });
});

test('commands and the socket are named after the program, nothing else is', () => {
  expect(inTheNameOf('multipass', 'see: holdfast list; or: holdfast stop --force x')).toBe('see: multipass list; or: multipass stop --force x');
  expect(inTheNameOf('multipass', 'cannot connect to the holdfast socket')).toBe('cannot connect to the multipass socket');
  expect(inTheNameOf('multipass', 'Holdfast can only clone stopped instances.')).toBe('Multipass can only clone stopped instances.');
  const kept = '/var/lib/holdfast is a home; HOLDFAST_HOME=…; systemctl start holdfast.service; an instance of Holdfast';
  expect(inTheNameOf('multipass', kept)).toBe(kept);
  expect(inTheNameOf('holdfast', 'see: holdfast list')).toBe('see: holdfast list');
});
