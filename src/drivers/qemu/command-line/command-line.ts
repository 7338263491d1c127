/**
 * The words that QEMU is started with: a pure function of its input. It starts with the processors held (-S), so
 * that monitor and console are attached before the guest runs its first instruction.
 */
import { devices } from './devices.ts';
import type { CommandLineInput } from './input.ts';
import { platform } from './platform.ts';

export function commandLine(input: CommandLineInput): string[] {
  return [...platform(input), ...devices(input), '-S'];
}
