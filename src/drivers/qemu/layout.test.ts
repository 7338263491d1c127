import { expect, test } from 'vitest';
import { homeLayout } from '../../core/home.ts';
import { machineUid, machineUuid } from './identity.ts';
import { machineFiles } from './layout.ts';

test('no socket of a machine has a longer path than the home\'s own, which is the one that is checked', () => {
  const { data, run } = homeLayout({ env: { HOLDFAST_HOME: '/h' }, uid: 1000, platform: 'linux', homedir: '' });
  const { lanes, shares, ...others } = machineFiles({ instancesDir: data.instances, runDir: run.directory, acceleratorFile: '/h/a', templatesDir: data.templates, layersDir: data.layers }, '00c0ffee').run;
  for (const path of [...Object.values(others), ...Object.values(lanes), ...shares]) expect(path.length).toBeLessThanOrEqual(run.socket.length);
});

test('each machine has an identity of its own, only where there are any to give', () => {
  expect(machineUid('00000001', 'own')).toBe(1_900_000_001);
  expect(machineUid('ffffffff', 'own')).toBeLessThan(2_000_000_000);
  expect(machineUid('00000001', 'daemon')).toBeNull();
});

test('the monitor\'s word for a machine is made from its id', () => {
  expect(machineUuid('00c0ffee')).toBe('686f6c64-6661-8374-8000-000000c0ffee');
});
