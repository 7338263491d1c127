/** For as long as a machine runs: what its guest says of its netplan files becomes history, and changes that were left open are settled. */
import type { NetplanReport, Report } from '../../../guest/report.ts';
import type { House } from '../../instances/house.ts';
import { newestOnly } from '../../newest-only.ts';
import type { Supervisor } from '../../supervisor.ts';
import { settlePending } from './decide.ts';
import { guestNetwork, lookAt, rememberReport } from './situation.ts';
import { keptFiles } from './guest-network.ts';
import { recordSeen } from './watch.ts';

const LOOK_MS = 60_000;
const REST_MS = 1000;

export function keepNetwork(house: House, supervisor: Supervisor): void {
  const { machine } = supervisor;
  if (!machine) return;
  // On a full disk too a guest goes on; the history has a gap then, which is told.
  const kept = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      house.log.line('netplan-history', supervisor.name, `what was seen of ${supervisor.name}'s network could not be kept: ${error instanceof Error ? error.message : String(error)}`, 'free some disk space where the home is');
    }
  };
  // A guest that says it without end costs a look at the history each second, and one look into the guest at a time.
  const reports = newestOnly<NetplanReport>(REST_MS, (report) => {
    // What netguard put there is in the record of its transaction.
    if (supervisor.machine !== machine || (report.transaction !== null && house.history.hasTransaction(supervisor.id, report.transaction))) return undefined;
    const files = report.files.flatMap(({ path, mode, uid, gid, text }) => (text === null ? [] : [{ path, mode, uid, gid, content: text }]));
    // Too large for a report: it is asked for.
    if (report.omitted > 0 || files.length < report.files.length) return lookAgain(house, supervisor).catch(() => undefined);
    kept(() => recordSeen(house, supervisor, keptFiles(files)));
    return undefined;
  });
  const told = (report: Report): void => { if (report.type === 'netplan' && report.trouble === null) reports.give(report); };
  machine.guest.onReport(told);
  machine.guest.onHold(({ level }) => { if (level === 'held' && supervisor.machine === machine) void settlePending(house, supervisor); });
  machine.on({
    ended: () => {
      reports[Symbol.dispose]();
      const { network } = machine.guest.reports;
      if (network && house.registry.byId(supervisor.id) === supervisor) kept(() => rememberReport(house, supervisor, network));
    },
  });
  const { netplan } = machine.guest.reports;
  if (netplan) told(netplan);
  void settlePending(house, supervisor);
}

async function lookAgain(house: House, supervisor: Supervisor): Promise<void> {
  const signal = AbortSignal.timeout(LOOK_MS);
  const { look } = await lookAt(house, supervisor, await guestNetwork(supervisor, signal), signal);
  if (look.armed === null) recordSeen(house, supervisor, keptFiles(look.files));
}
