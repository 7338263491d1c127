import { expect, test } from 'vitest';
import { classifyEnd, type EndSigns } from './end.ts';

const nothing: EndSigns = { asked: false, shutdown: undefined, exit: undefined, complaints: '', pidFileLeft: true, watched: true, hostRestarted: false };

test.each([
  ['asked for, whatever the process did', { asked: true, exit: { code: null, signal: 'SIGKILL' } }, 'powered-off'],
  ['the guest shut down', { shutdown: 'guest-shutdown', pidFileLeft: false }, 'powered-off'],
  ['the guest shut down and nobody watched', { pidFileLeft: false, watched: false }, 'powered-off'],
  ['killed under our eyes', { exit: { code: null, signal: 'SIGKILL' } }, 'QEMU was killed (SIGKILL)'],
  ['killed, and we are not its parent', {}, 'QEMU was killed or ended without a word'],
  ['killed, and nobody watched', { watched: false }, 'QEMU was killed or ended without a word, while no daemon was watching'],
  ['aborted with a message', { exit: { code: null, signal: 'SIGABRT' }, complaints: 'q: warning: x\nq: Assertion failed.\n' }, 'QEMU was killed (SIGABRT): q: Assertion failed.'],
  ['a signal that QEMU tells of', { shutdown: 'host-signal', pidFileLeft: false, exit: { code: 0, signal: null }, complaints: 'qemu: terminating on signal 15 from pid 1 (systemd)\n' },
    'QEMU was ended by signal 15 from pid 1 (systemd)'],
  ['the same, and nobody watched', { watched: false, pidFileLeft: false, complaints: 'qemu: terminating on signal 15 from pid 1 (systemd)\n' },
    'QEMU was ended by signal 15 from pid 1 (systemd), while no daemon was watching'],
  ['an error code', { exit: { code: 1, signal: null }, complaints: 'q: bad\n' }, 'QEMU ended with code 1: q: bad'],
  ['the host went down with it', { watched: false, hostRestarted: true }, 'the host was restarted while it ran'],
] as [string, Partial<EndSigns>, string][])('%s', (_name, signs, expected) => {
  const end = classifyEnd({ ...nothing, ...signs });
  expect(end.kind === 'died' ? end.reason : end.kind).toBe(expected);
  expect('hostRestarted' in end).toBe(signs.hostRestarted ?? false);
});
