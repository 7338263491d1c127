import { showSize } from '../../core/sizes.ts';
import type { Progress } from '../progress.ts';

const EVERY_MS = 200;

/** @returns what is called with the octets that went through: a person sees their sum grow */
export function amountTold(progress: Progress, isTTY: boolean, instance: string): (bytes: number) => void {
  let sum = 0;
  let last = 0;
  return (bytes) => {
    sum += bytes;
    const now = performance.now();
    if (!isTTY || now - last < EVERY_MS) return;
    last = now;
    progress.stage(`Transferring with ${instance}: ${showSize(sum)}`);
  };
}
