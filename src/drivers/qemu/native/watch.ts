/** Notices when what serves a native mount ends before its machine does: the guest then waits for its files for ever. */
import { isSameProcess } from '../../../host/process/identity.ts';
import type { NativeDevice } from '../../driver.ts';
import type { RecordedShare } from '../state-file.ts';

const EVERY_MS = 2_000;

/** A server goes with its QEMU, and may be seen gone a moment before: only what is gone at two looks in a row is lost. */
export function watchShares(shares: readonly RecordedShare[], over: Promise<void>): readonly NativeDevice[] {
  const watched = shares.map(({ server, ...device }) => ({ server, device, lost: new AbortController(), missed: 0 }));
  const timer = setInterval(() => void look(), EVERY_MS).unref();
  void over.then(() => clearInterval(timer));
  async function look(): Promise<void> {
    for (const each of watched) {
      if (!each.server || each.lost.signal.aborted || await isSameProcess(each.server)) continue;
      each.missed += 1;
      if (each.missed > 1) each.lost.abort();
    }
  }
  if (watched.every(({ server }) => server === null)) clearInterval(timer);
  return watched.map(({ device, lost }) => ({ ...device, lost: lost.signal }));
}
