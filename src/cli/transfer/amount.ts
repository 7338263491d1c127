import { showSize } from '../../core/sizes.ts';
import type { Progress } from '../progress.ts';

const EVERY_MS = 200;

/**
 * @param total  of what is to go through, where that is known: until it is settled nothing is shown
 * @returns what is called with the octets that went through: a person sees how far it is, or their sum grow
 */
export function amountTold(progress: Progress, isTTY: boolean, instance: string, total: Promise<number | undefined>): (bytes: number) => void {
  let sum = 0;
  let last = -Infinity;
  let whole: number | undefined;
  let isSettled = false;
  void total.then((bytes) => {
    whole = bytes;
    isSettled = true;
  });
  return (bytes) => {
    sum += bytes;
    const now = performance.now();
    if (!isTTY || !isSettled || now - last < EVERY_MS) return;
    last = now;
    const words = `Transferring with ${instance}: ${showSize(sum)}`;
    // The records around the content travel too.
    if (whole === undefined) progress.stage(words);
    else progress.stage(`${words} of ${showSize(whole)}`, Math.min(1, sum / whole));
  };
}
