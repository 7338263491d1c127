/** Notices when what serves a native mount ends before its machine does: the guest then waits for its files for ever. */
import { boundComplaints } from '../../../host/process/detached.ts';
import { isSameProcess } from '../../../host/process/identity.ts';
import type { NativeDevice } from '../../driver.ts';
import type { RecordedShare } from '../state-file.ts';

const EVERY_MS = 2_000;

/** What a guest may make its server say. */
const COMPLAINTS_MAX_BYTES = 256 * 1024;

/** A server goes with its QEMU, and may be seen gone a moment before: only what is gone at two looks in a row is lost. */
export function watchShares(shares: readonly RecordedShare[], over: Promise<void>, complaintsOf: (index: number) => string, everyMs = EVERY_MS): readonly NativeDevice[] {
  const watched = shares.map(({ server, ...device }) => ({ server, device, lost: new AbortController(), missed: 0 }));
  const timer = setInterval(() => void look(), everyMs).unref();
  void over.then(() => clearInterval(timer));
  async function look(enough = 2): Promise<void> {
    for (const [index, each] of watched.entries()) {
      if (each.server) await boundComplaints(complaintsOf(index), COMPLAINTS_MAX_BYTES).catch(() => undefined);
      if (!each.server || each.lost.signal.aborted || await isSameProcess(each.server)) continue;
      each.missed += 1;
      if (each.missed >= enough) each.lost.abort();
    }
  }
  // Of a machine that was only now found to run: nothing of it is to be mounted before that is known.
  void look(1);
  if (watched.every(({ server }) => server === null)) clearInterval(timer);
  return watched.map(({ device, lost }) => ({ ...device, lost: lost.signal }));
}
