/** The rest of a fork's arrival, beside whoever launched it: its card, its services, and word of its address. */
import { pause } from '../ssh/time-limit.ts';
import type { LanePort } from '../lane-port.ts';
import type { Report } from '../report.ts';
import { parseReport } from '../report-parser.ts';
import { openDoorman } from './word.ts';

const WORD_MS = 15_000;
const LOOK_MS = 100;
/** Later its reporter tells, as in any guest. */
const ADDRESS_MS = 5_000;

/**
 * The doorman tells the network's state until there is an address: long before the control lane and a reporter on it would.
 * @param plug  brings the card  @throws guest-unreachable, machine-failed
 */
export async function settleFork(lanes: LanePort, plug: () => Promise<void>, heard: (report: Report) => void, signal: AbortSignal): Promise<void> {
  await plug();
  using line = await openDoorman(lanes, signal);
  await line.tell({ do: 'go' }, WORD_MS, signal);
  for (const until = performance.now() + ADDRESS_MS; performance.now() < until && !signal.aborted;) {
    const parsed = parseReport(JSON.stringify(await line.tell({ do: 'report' }, WORD_MS, signal)));
    if ('report' in parsed && parsed.report.type === 'network' && parsed.report.links.some(isAddressed)) return heard(parsed.report);
    await pause(LOOK_MS, signal);
  }
}

function isAddressed({ addresses }: Extract<Report, { type: 'network' }>['links'][number]): boolean {
  return addresses.some(({ family, scope }) => family === 4 && scope === 'global');
}
