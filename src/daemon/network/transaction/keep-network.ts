/** For as long as a machine runs: what its guest says of its netplan files becomes history, and changes that were left open are settled. */
import type { Report } from '../../../guest/report.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { settlePending } from './decide.ts';
import { guestNetwork, lookAt, rememberReport } from './situation.ts';
import { keptFiles } from './guest-network.ts';
import { recordSeen } from './watch.ts';

const LOOK_MS = 60_000;

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
  const told = (report: Report): void => {
    if (report.type !== 'netplan' || supervisor.machine !== machine || report.trouble !== null) return;
    // What netguard put there is in the record of its transaction.
    if (report.transaction !== null && house.history.all(supervisor.id).some(({ transaction }) => transaction === report.transaction)) return;
    const files = report.files.flatMap(({ path, mode, uid, gid, text }) => (text === null ? [] : [{ path, mode, uid, gid, content: text }]));
    if (report.omitted === 0 && files.length === report.files.length) kept(() => recordSeen(house, supervisor, keptFiles(files)));
    // Too large for a report: it is asked for.
    else void lookAgain(house, supervisor).catch(() => undefined);
  };
  machine.guest.onReport(told);
  machine.guest.onHold(({ level }) => { if (level === 'held' && supervisor.machine === machine) void settlePending(house, supervisor); });
  machine.on({
    ended: () => {
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
