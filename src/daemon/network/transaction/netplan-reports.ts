/** What a guest says of its netplan files becomes history; what goes wrong over it is in the log, and the next report is worked on all the same. */
import type { NetplanReport } from '../../../guest/report.ts';
import type { House } from '../../instances/house.ts';
import { newestOnly, type NewestOnly } from '../../newest-only.ts';
import { remedyForUnkept } from '../../log/remedies.ts';
import type { Supervisor } from '../../supervisor.ts';
import { keptFiles } from './guest-network.ts';
import { recordSeen } from './record-seen.ts';
import { guestNetwork, lookAt } from './situation.ts';

const LOOK_MS = 60_000;
/** A guest that says it without end costs a look at the history each second, and one look into the guest at a time. */
const REST_MS = 1000;

/** Of the machine that runs now, until it has another. */
export function netplanReports(house: House, supervisor: Supervisor): NewestOnly<NetplanReport> {
  const { machine } = supervisor;
  return newestOnly<NetplanReport>(
    REST_MS,
    async (report) => { if (supervisor.machine === machine) await record(house, supervisor, report); },
    // Of one that has ended nothing more can be asked.
    (error) => { if (supervisor.machine === machine) tellUnkept(house, supervisor, error); },
  );
}

/** On a full disk too a guest goes on; the history has a gap then, which is told. */
export function tellUnkept({ log }: House, { name }: Supervisor, error: unknown): void {
  log.line('netplan-history', name, `what was seen of ${name}'s network could not be kept: ${error instanceof Error ? error.message : String(error)}`, remedyForUnkept(error, `what is known of it: holdfast net history ${name}`));
}

async function record(house: House, supervisor: Supervisor, { transaction, files, omitted }: NetplanReport): Promise<void> {
  // What netguard put there is in the record of its transaction.
  if (transaction !== null && house.history.hasTransaction(supervisor.id, transaction)) return;
  const whole = files.flatMap(({ path, mode, uid, gid, text }) => (text === null ? [] : [{ path, mode, uid, gid, content: text }]));
  // Too large for a report: it is asked for.
  if (omitted > 0 || whole.length < files.length) await lookAgain(house, supervisor);
  else recordSeen(house, supervisor, keptFiles(whole));
}

async function lookAgain(house: House, supervisor: Supervisor): Promise<void> {
  const signal = AbortSignal.timeout(LOOK_MS);
  const { look } = await lookAt(house, supervisor, await guestNetwork(supervisor, signal), signal);
  if (look.armed === null) recordSeen(house, supervisor, keptFiles(look.files));
}
