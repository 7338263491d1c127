/** The table for one instance: what its state says, what the driver sees of its machine, and what is seen inside. */
import { broken, nothing, warning, well, type Check, type Finding } from '../../drivers/check.ts';
import type { House } from '../instances/house.ts';
import type { Supervisor } from '../supervisor.ts';
import { guestChecks } from './guest-checks.ts';
import { ownNetworkChecks } from './home-network-checks.ts';
import { offered } from '../../core/subnets.ts';
import { DOCTOR_DEADLINES, patientOf } from './patient.ts';

export function instanceChecks({ driver, network }: House, supervisor: Supervisor): readonly Check[] {
  const { name, machine, state } = supervisor;
  const finding = stateOf(supervisor);
  const ofState: Check = { id: 'state', layer: 'machine', title: 'its state', deadlineMs: 1_000, run: () => Promise.resolve(finding) };
  const lives = machine !== undefined && machine.end === undefined && state !== 'Crashed';
  if (!lives && state !== 'Unknown') return [ofState];
  const ofMachine = driver.examine?.machine(supervisor.machineSpec) ?? [];
  if (!lives) return [ofState, ...ofMachine.filter(({ layer }) => layer === 'machine')];
  const { spec } = supervisor.record.instance;
  const slow = machine.accelerator === 'tcg';
  const patient = patientOf({ name, machine, mac: spec.mac, network: offered(spec), deadlines: slow ? DOCTOR_DEADLINES.slow : DOCTOR_DEADLINES.native });
  return [...ownNetworkChecks(network, spec), ofState, ...ofMachine, ...guestChecks(patient)];
}

function stateOf({ name, state, reason, machine }: Supervisor): Finding {
  switch (state) {
    case 'Running': return well(machine ? 'Running' : 'Running, and not held yet');
    case 'Stopped': case 'Suspended': return nothing(`${state}: there is nothing to hold; holdfast start ${name}`);
    case 'Deleted': return nothing(`Deleted; holdfast recover ${name} brings it back`);
    case 'Crashed': return broken(`Crashed: ${reason ?? 'it is not known why'}`, `its console may say more: holdfast logs ${name}; start it again: holdfast start ${name}`);
    case 'Unknown': return broken(`Unknown: ${reason ?? 'it is being taken over'}`, `try again: holdfast info ${name}; or pull its plug: holdfast stop --force ${name}`);
    default: return warning(`${state}${reason === null ? '' : `: ${reason}`}`, 'wait for it to end, then look again');
  }
}
