/** An architecture that this host emulates for what its home has. What is missing for it keeps only its own instances from starting: a warning. */
import type { Architecture } from '../../../core/instance.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { warning, well, type Check } from '../../check.ts';
import { findFirmware, newestMachineType, qemuVersion } from '../binary.ts';

/** @param used  those of the home's instances and images  @returns each once, without the host's own */
export function foreignOf(used: readonly Architecture[], own: Architecture): readonly Architecture[] {
  return [...new Set(used)].filter((architecture) => architecture !== own).toSorted();
}

/** @param firmware  throws where it is not there */
export function foreignCheck(architecture: Architecture, toolMs: number, firmware: (architecture: Architecture) => unknown = findFirmware): Check {
  return {
    id: `qemu-${architecture}`, layer: 'hypervisor', title: `QEMU for ${architecture}`, deadlineMs: 2 * toolMs,
    async run(signal) {
      const qemu = Promise.all([qemuVersion(architecture), newestMachineType(architecture)]);
      const [asked, found] = await Promise.allSettled([qemu, Promise.resolve(architecture).then(firmware)]);
      signal.throwIfAborted();
      if (asked.status === 'fulfilled' && found.status === 'fulfilled') return well(`version ${asked.value[0]}, newest machine ${asked.value[1]}`);
      const lacking = [asked, found].flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
      const remedies = lacking.map((error) => (error instanceof HoldfastError ? error.hint : undefined)).filter((hint) => hint !== undefined);
      return warning(`${lacking.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')}: instances for ${architecture}, of which this home has some or an image, cannot be started`,
        remedies.join('; ') || 'see that its QEMU is whole: reinstall its package');
    },
  };
}
