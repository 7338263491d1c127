import { expect, test } from 'vitest';
import { candidates, kvmForOwnIdentity } from './candidates.ts';

const kvm = { usable: true, gid: 106 } as const;

test('native first, emulation last, and always there', () => {
  expect(candidates({ platform: 'linux', architecture: 'x86_64', kvm }, 'x86_64')).toEqual({ accelerators: ['kvm', 'tcg'], obstacle: undefined, kvmGid: 106 });
  expect(candidates({ platform: 'darwin', architecture: 'aarch64', kvm: { usable: false, why: '' } }, 'aarch64').accelerators).toEqual(['hvf', 'tcg']);
});

test('another architecture is emulated, and the obstacle is named', () => {
  expect(candidates({ platform: 'linux', architecture: 'x86_64', kvm }, 'aarch64')).toMatchObject({ accelerators: ['tcg'], obstacle: 'this machine is no aarch64' });
  expect(candidates({ platform: 'linux', architecture: 'x86_64', kvm: { usable: false, why: 'there is no /dev/kvm' } }, 'x86_64').obstacle).toBe('there is no /dev/kvm');
});

test('an identity of its own gets at /dev/kvm by group or by everyone, never as root', () => {
  expect(kvmForOwnIdentity({ mode: 0o20660, gid: 106 })).toEqual({ usable: true, gid: 106 });
  expect(kvmForOwnIdentity({ mode: 0o20666, gid: 0 })).toEqual({ usable: true, gid: undefined });
  expect(kvmForOwnIdentity({ mode: 0o20660, gid: 0 }).usable).toBe(false);
  expect(kvmForOwnIdentity({ mode: 0o20600, gid: 106 }).usable).toBe(false);
});
