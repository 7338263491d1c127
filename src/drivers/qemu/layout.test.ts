import { expect, test } from 'vitest';
import { machineUid, machineUuid } from './identity.ts';
import { machineFiles, requireShortSockets } from './layout.ts';

function sockets(runDir: string) {
  return machineFiles({ instancesDir: '/h/instances', runDir, acceleratorFile: '/h/a', templatesDir: '/h/templates', layersDir: '/h/layers' }, '00c0ffee').run;
}

test('a socket path that fits is taken, one byte more is refused', () => {
  const fits = `/${'x'.repeat(107 - '/00c0ffee/con'.length - 1)}`;
  requireShortSockets(sockets(fits), 'linux');
  expect(() => requireShortSockets(sockets(`${fits}x`), 'linux')).toThrow(expect.objectContaining({ code: 'path-too-long' }) as Error);
  expect(() => requireShortSockets(sockets(fits), 'darwin')).toThrow(expect.objectContaining({ code: 'path-too-long' }) as Error);
});

test('each machine has an identity of its own, only where there are any to give', () => {
  expect(machineUid('00000001', 'own')).toBe(1_900_000_001);
  expect(machineUid('ffffffff', 'own')).toBeLessThan(2_000_000_000);
  expect(machineUid('00000001', 'daemon')).toBeNull();
});

test('the monitor\'s word for a machine is made from its id', () => {
  expect(machineUuid('00c0ffee')).toBe('686f6c64-6661-8374-8000-000000c0ffee');
});
