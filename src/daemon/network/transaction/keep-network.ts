/** For as long as a machine runs: what its guest says of its netplan files becomes history, and changes that were left open are settled. */
import type { NetworkReport, Report } from '../../../guest/report.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { settlePending } from './decide.ts';
import { netplanReports, tellUnkept } from './netplan-reports.ts';
import { rememberReport } from './situation.ts';

export function keepNetwork(house: House, supervisor: Supervisor): void {
  const { machine } = supervisor;
  if (!machine) return;
  const reports = netplanReports(house, supervisor);
  const told = (report: Report): void => { if (report.type === 'netplan' && report.trouble === null) reports.give(report); };
  machine.guest.onReport(told);
  machine.guest.onHold(({ level }) => { if (level === 'held' && supervisor.machine === machine) void settlePending(house, supervisor); });
  machine.on({
    // A pause that is short is none to its lanes, and nobody is asked while it lasts.
    paused: (paused) => { if (!paused && supervisor.machine === machine) void settlePending(house, supervisor); },
    ended: () => {
      reports[Symbol.dispose]();
      const { network } = machine.guest.reports;
      if (network && house.registry.byId(supervisor.id) === supervisor) rememberLast(house, supervisor, network);
    },
  });
  const { netplan } = machine.guest.reports;
  if (netplan) told(netplan);
  void settlePending(house, supervisor);
}

function rememberLast(house: House, supervisor: Supervisor, report: NetworkReport): void {
  try {
    rememberReport(house, supervisor, report);
  } catch (error) {
    tellUnkept(house, supervisor, error);
  }
}
