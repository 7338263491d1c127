/** What is said of a QEMU that is still there after SIGKILL: only the kernel can hold it then. */
import { fail, type HoldfastError } from '../../core/errors.ts';
import type { ProcessIdentity } from '../../host/process/identity.ts';

export function unkillable({ pid }: ProcessIdentity, name: string): HoldfastError {
  return fail('machine-failed', `${name}: QEMU (pid ${pid}) does not end, not even by SIGKILL`, {
    hint: 'the host\'s kernel holds it, often for a disk that does not answer: see dmesg; restart the host if it stays',
  });
}
