/** The rest of a fork's arrival, beside whoever launched it: its card, its services, and word of its address. */
import type { LanePort } from '../lane-port.ts';
import type { Report } from '../report.ts';
import { parseReport } from '../report-parser.ts';
import { openDoorman } from './word.ts';

const WORD_MS = 15_000;
/** Later its reporter tells, as in any guest. */
const ADDRESS_MS = 5_000;

/**
 * The doorman tells the network's state when there is an address: long before the control lane and a reporter on it would.
 * Without a card its services come all the same.
 * @param plug  brings the card  @throws guest-unreachable, machine-failed
 */
export async function settleFork(lanes: LanePort, plug: () => Promise<void>, heard: (report: Report) => void, signal: AbortSignal): Promise<void> {
  const [plugged] = await Promise.allSettled([plug()]);
  using line = await openDoorman(lanes, signal);
  await line.tell({ do: 'go' }, WORD_MS, signal);
  if (plugged.status === 'rejected') throw plugged.reason;
  const parsed = parseReport(JSON.stringify(await line.tell({ do: 'address', within: ADDRESS_MS / 1000 }, ADDRESS_MS + WORD_MS, signal)));
  if ('report' in parsed) heard(parsed.report);
}
