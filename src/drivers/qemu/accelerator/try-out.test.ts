import { expect, test } from 'vitest';
import { tryOutCommand } from './try-out.ts';

test.each([['kvm', 'host'], ['tcg', 'max']] as const)('%s is tried with the processor that real machines have, and without a disk or a card', (accelerator, cpu) => {
  const words = tryOutCommand('x86_64', accelerator, 'pc-q35-7.2', undefined).join(' ');
  expect(words).toContain(`-cpu ${cpu}`);
  expect(words).toContain('-machine pc-q35-7.2,vmport=off');
  expect(words).not.toMatch(/-drive|-netdev|-blockdev/);
});

test('where the machine has no firmware of its own it is given one', () => {
  expect(tryOutCommand('aarch64', 'tcg', 'virt-7.2', '/firmware.fd').join(' ')).toContain('-bios /firmware.fd');
});
