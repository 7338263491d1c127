import { expect, test } from 'vitest';
import { homeLayout, requireShortSocketPaths, type HomeQuestion } from './home.ts';

const ask = (part: Partial<HomeQuestion> = {}) => homeLayout({ env: {}, uid: 1000, platform: 'linux', homedir: '/home/ann', ...part });
const places = (part?: Partial<HomeQuestion>) => [ask(part).home, ask(part).run.socket];

test.each([
  ['a user on Linux, by the XDG directories', { env: { XDG_DATA_HOME: '/d/', XDG_RUNTIME_DIR: '/run/user/1000' } }, '/d/holdfast', '/run/user/1000/holdfast/holdfastd.sock'],
  ['a user without them', {}, '/home/ann/.local/share/holdfast', '/home/ann/.local/share/holdfast/run/holdfastd.sock'],
  ['relative XDG directories, which the specification ignores', { env: { XDG_DATA_HOME: 'd', XDG_RUNTIME_DIR: './r' } }, '/home/ann/.local/share/holdfast', '/home/ann/.local/share/holdfast/run/holdfastd.sock'],
  ['root, whose own directories are closed to the machines', { uid: 0, homedir: '/root', env: { XDG_RUNTIME_DIR: '/run/user/0' } }, '/var/lib/holdfast', '/run/holdfast/holdfastd.sock'],
  ['root who says where', { uid: 0, homedir: '/root', env: { XDG_DATA_HOME: '/srv' } }, '/srv/holdfast', '/srv/holdfast/run/holdfastd.sock'],
  ['macOS', { platform: 'darwin', homedir: '/Users/ann' }, '/Users/ann/Library/Application Support/holdfast', '/Users/ann/Library/Application Support/holdfast/run/holdfastd.sock'],
  ['HOLDFAST_HOME before all', { uid: 0, env: { HOLDFAST_HOME: '/h//', XDG_RUNTIME_DIR: '/r' } }, '/h', '/h/run/holdfastd.sock'],
  ['an empty HOLDFAST_HOME, which is none', { env: { HOLDFAST_HOME: '' } }, '/home/ann/.local/share/holdfast', '/home/ann/.local/share/holdfast/run/holdfastd.sock'],
] as const)('%s', (_, part, home, socket) => expect(places(part)).toEqual([home, socket]));

test('everything lies under the home', () => {
  const { home, data, run } = ask({ env: { HOLDFAST_HOME: '/h' } });
  for (const path of [...Object.values(data), run.directory, run.socket]) expect(path.startsWith(`${home}/`)).toBe(true);
});

test('a relative HOLDFAST_HOME is refused', () => {
  expect(() => ask({ env: { HOLDFAST_HOME: 'h' } })).toThrow(expect.objectContaining({ code: 'home-unusable' }));
});

test('only as root do others pass through the home', () => {
  expect([ask().directoryMode, ask({ uid: 0 }).directoryMode]).toEqual([0o700, 0o711]);
});

test.each([['linux', 107], ['darwin', 103]] as const)('on %s a socket path has at most %i bytes, counted in UTF-8', (platform, limit) => {
  const rest = '/run/holdfastd.sock'.length + 1;
  const home = (bytes: number) => ask({ env: { HOLDFAST_HOME: `/${'ü'.repeat(Math.floor((bytes - rest) / 2))}${'x'.repeat((bytes - rest) % 2)}` } });
  expect(() => requireShortSocketPaths(home(limit), platform)).not.toThrow();
  expect(() => requireShortSocketPaths(home(limit + 1), platform)).toThrow(expect.objectContaining({
    code: 'path-too-long', message: expect.stringContaining(`would have ${limit + 1} bytes, and the system takes at most ${limit}`), hint: expect.stringContaining('HOLDFAST_HOME'),
  }));
});

test('in the host\'s home there is room for the socket of any user', () => {
  const rest = '/holdfast/users/4294967294/holdfastd.sock'.length + 1;
  const host = (bytes: number) => ask({ uid: 0, env: { XDG_DATA_HOME: '/var/lib', XDG_RUNTIME_DIR: `/${'x'.repeat(bytes - rest)}` } });
  expect(host(107).home).toBe('/var/lib/holdfast');
  expect(() => requireShortSocketPaths(host(107), 'linux')).not.toThrow();
  expect(() => requireShortSocketPaths(host(108), 'linux')).toThrow(expect.objectContaining({
    code: 'path-too-long', message: expect.stringContaining('/holdfast/users/4294967294/holdfastd.sock'),
  }));
});
