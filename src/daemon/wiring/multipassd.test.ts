import { expect, test } from 'vitest';
import { contractOf, multipassdOptions } from './multipassd.ts';

test('options are read in Multipass\'s forms, the address from its environment too', () => {
  expect(multipassdOptions([], {})).toEqual({ logger: 'platform', verbosity: 'info', address: undefined, wants: 'serve' });
  expect(multipassdOptions(['--logger', 'stderr', '--verbosity=trace', '-a', 'unix:/run/x'], { MULTIPASS_SERVER_ADDRESS: 'unix:/run/y' }))
    .toEqual({ logger: 'stderr', verbosity: 'trace', address: { unix: '/run/x' }, wants: 'serve' });
  expect(multipassdOptions(['-V', 'error'], { MULTIPASS_SERVER_ADDRESS: 'unix:/run/y' })).toMatchObject({ verbosity: 'error', address: { unix: '/run/y' } });
  expect(multipassdOptions(['--address', 'localhost:50051'], {}).address).toEqual({ host: 'localhost', port: 50051 });
  expect(multipassdOptions(['--help'], {}).wants).toBe('help');
});

test.each([
  [['--logger', 'paper'], 'invalid logger: paper'], [['-V', 'loud'], 'invalid verbosity: loud'], [['--address', 'here'], 'invalid server address: here'],
  [['--address', 'host:x'], 'invalid server address: host:x'], [['--nope'], 'Unknown option'], [['serve'], 'Unexpected argument'],
])('%j is refused', (words, why) => expect(() => multipassdOptions(words, {})).toThrow(why));

test('the storage decides the home, and what is told at which verbosity', () => {
  const said: string[] = [];
  const env: Record<string, string | undefined> = { MULTIPASS_STORAGE: '/srv' };
  const { echo } = contractOf({ logger: 'stderr', verbosity: 'warning', address: undefined, wants: 'serve' }, env, (text) => said.push(text));
  expect(env['HOLDFAST_HOME']).toBe('/srv/holdfast');
  echo('start', 'it serves\n', null);
  echo('crash', 'apollo crashed\n', 'start it');
  echo('bug in exec', 'a bug\n', null);
  expect(said).toEqual(['[warning] apollo crashed\n', '[error] a bug\n']);
});

test('for the journal a line has its priority; without one the log of the home is enough', () => {
  const told = (env: Record<string, string>): string[] => {
    const said: string[] = [];
    contractOf({ logger: 'platform', verbosity: 'info', address: undefined, wants: 'serve' }, env, (text) => said.push(text)).echo('crash', 'apollo crashed\n', 'start it');
    return said;
  };
  expect(told({ JOURNAL_STREAM: '8:123' })).toEqual(['<4>apollo crashed\n']);
  expect(told({})).toEqual([]);
});
