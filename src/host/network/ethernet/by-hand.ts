/** By `ip`, where nobody configures the ethernet again: what it has is moved as it is, within milliseconds. */
import { backLines, makeLines, routeLines, switchLines } from '../../../core/network/ethernet/moves.ts';
import { carryOut, copySettings } from './look.ts';
import type { Way } from './way.ts';

export const byHand: Way = {
  withinMs: 8_000,
  async into(job) {
    const { ethernet, bridge, had, mark, directory } = job;
    await carryOut(makeLines(job, had, mark), directory);
    await copySettings(ethernet, bridge);
    await carryOut(switchLines(job, had), directory);
    await carryOut(routeLines(job, had), directory, true);
  },
  async back(job) {
    await carryOut(backLines(job, job.had, true), job.directory, true);
  },
};
