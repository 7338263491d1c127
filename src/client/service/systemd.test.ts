import { expect, test } from 'vitest';
import { managerOf, unitStateIn } from './systemd.ts';

test('a unit that runs says since when, and as which process', () => {
  expect(unitStateIn('LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nMainPID=42\nActiveEnterTimestamp=Tue 2023-11-14 22:13:20 UTC\n')).toEqual({
    installed: true, enabled: true, active: 'active', pid: 42, since: '2023-11-14T22:13:20.000Z',
  });
});

test('one that has failed is there and runs since never', () => {
  expect(unitStateIn('LoadState=loaded\nUnitFileState=disabled\nActiveState=failed\nMainPID=0\nActiveEnterTimestamp=Tue 2023-11-14 22:13:20 UTC\n')).toMatchObject({ installed: true, enabled: false, active: 'failed', since: null });
});

test('one that nobody has installed is not there', () => {
  expect(unitStateIn('LoadState=not-found\nUnitFileState=\nActiveState=inactive\nMainPID=0\nActiveEnterTimestamp=\n')).toEqual({ installed: false, enabled: false, active: 'inactive', pid: 0, since: null });
});

test('a person\'s unit lies where his systemd looks', () => {
  expect(managerOf('user', {}, '/home/ann').unitPath).toBe('/home/ann/.config/systemd/user/holdfast.service');
  expect(managerOf('user', { XDG_CONFIG_HOME: '/c' }, '/home/ann').unitPath).toBe('/c/systemd/user/holdfast.service');
});
