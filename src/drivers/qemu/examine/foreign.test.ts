import { expect, test } from 'vitest';
import { ownPath } from '../../../../test/own-path.ts';
import { fail } from '../../../core/errors.ts';
import type { Finding } from '../../check.ts';
import type { AcceleratorMemory } from '../accelerator/memory.ts';
import { foreignCheck } from './foreign.ts';
import { hostChecks } from './host.ts';

const path = ownPath();

const qemu = (machines: string): void => path.tool('qemu-system-aarch64', `[ "$1" = --version ] && echo 'QEMU emulator version 10.1.2' || printf '%s\\n' '${machines}'\n`);
const look = async (firmware: () => unknown): Promise<Finding> => await foreignCheck('aarch64', 10_000, firmware).run(AbortSignal.timeout(30_000));
const there = (): unknown => ({ code: '/c', variables: '/v' });
const missing = (): never => { throw fail('tool-missing', 'no UEFI firmware for aarch64 was found', { hint: 'install it: apt-get install qemu-efi-aarch64' }); };

test('an architecture that is emulated lacks nothing where its QEMU and its firmware are there', async () => {
  qemu('virt-10.1              QEMU virtual machine');
  expect(await look(there)).toEqual({ status: 'ok', seen: 'version 10.1.2, newest machine virt-10.1' });
});

test('what it lacks is a warning, with the packages of both', async () => {
  expect(await look(missing)).toMatchObject({
    status: 'warn', seen: expect.stringMatching(/^qemu-system-aarch64 is not installed; no UEFI firmware for aarch64 was found: instances for aarch64.* cannot be started$/) as string,
    remedy: 'install it: apt-get install qemu-system-arm; install it: apt-get install qemu-efi-aarch64',
  });
  qemu('virt-10.1              QEMU virtual machine');
  expect(await look(missing)).toMatchObject({ status: 'warn', remedy: 'install it: apt-get install qemu-efi-aarch64' });
});

test('so is a QEMU that is too old', async () => {
  qemu('virt-6.2               QEMU virtual machine');
  expect(await look(there)).toMatchObject({ status: 'warn', seen: expect.stringContaining('qemu-system-aarch64 is too old') as string });
});

test('each that the home has is looked at once, and the host\'s own as ever', () => {
  const parts = { architecture: 'x86_64', identity: 'daemon', memory: {} as AcceleratorMemory, only: undefined, directories: [] } as const;
  const looked = (used: readonly ('x86_64' | 'aarch64')[]) => hostChecks({ ...parts, used }).map(({ id }) => id).filter((id) => id.startsWith('qemu')).toSorted();
  expect(looked(['x86_64'])).toEqual(['qemu', 'qemu-img']);
  expect(looked(['aarch64', 'x86_64', 'aarch64'])).toEqual(['qemu', 'qemu-aarch64', 'qemu-img']);
});
