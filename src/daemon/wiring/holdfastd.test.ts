import { expect, test } from 'vitest';
import { holdfastdOptions } from './holdfastd.ts';

test('without an option it serves the home\'s socket; an address is on TCP or a socket', () => {
  expect(holdfastdOptions([])).toEqual({ address: undefined, wants: 'serve' });
  expect(holdfastdOptions(['--address', '0.0.0.0:50051']).address).toEqual({ host: '0.0.0.0', port: 50051 });
  expect(holdfastdOptions(['-a', 'unix:/run/x']).address).toEqual({ unix: '/run/x' });
  expect([holdfastdOptions(['-v']).wants, holdfastdOptions(['--help']).wants]).toEqual(['version', 'help']);
});

test.each([[['--address', 'here'], 'invalid server address: here'], [['--nope'], 'Unknown option'], [['serve'], 'Unexpected argument']])(
  '%j is refused', (words, why) => expect(() => holdfastdOptions(words)).toThrow(why));
