/** Looks whether a change has brought what it promised: addresses, the way out, the way in, and what the user wants tried. */
import { probeFromGuest } from '../../../guest/probe.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { missing, wanting, type Promises } from './promises.ts';

const REACH_MS = 10_000;

/** @returns why it is not as it should be; nothing when all is well  @throws when it was cancelled, or the guest is gone */
export async function unkept(house: House, supervisor: Supervisor, promises: Promises, withinMs: number, signal: AbortSignal): Promise<string[]> {
  const until = performance.now() + withinMs;
  const left = (): number => Math.max(1, Math.round(until - performance.now()));
  const links = () => supervisor.machine?.guest.reports.network?.links ?? [];
  // Packets say nothing before addresses are there.
  await supervisor.until(() => missing(promises.addresses, links()).length === 0, '', left(), signal).catch(() => signal.throwIfAborted());
  const absent = missing(promises.addresses, links());
  if (absent.length > 0) return absent.map(wanting);
  const tried = await Promise.all([fromGuest(supervisor, promises, left(), signal), fromHost(house, supervisor, promises, left(), signal)]);
  return tried.flat();
}

async function fromGuest(supervisor: Supervisor, { fromGuest: probes }: Promises, withinMs: number, signal: AbortSignal): Promise<string[]> {
  const { machine } = supervisor;
  if (probes.length === 0 || !machine) return [];
  const { shell } = await machine.guest.reach('control', { deadlineMs: Math.min(withinMs, REACH_MS), signal });
  const failed = await probeFromGuest(shell, probes.map(({ probe }) => probe), withinMs, signal);
  return probes.flatMap(({ what }, index) => (failed[index] ? [`${what}, tried from the guest: ${failed[index]}`] : []));
}

async function fromHost({ network }: House, { record }: Supervisor, { fromHost: probes, reached }: Promises, withinMs: number, signal: AbortSignal): Promise<string[]> {
  if (!network) return [];
  const { mac } = record.instance.spec;
  const limits = { withinMs, signal };
  return (await Promise.all([
    ...reached.map(async (address) => (await network.reaches(address, mac, limits) ? [] : [`the host does not reach ${address}`])),
    ...probes.map(async ({ probe, what }) => {
      const why = await network.probe(probe, limits);
      return why === undefined ? [] : [`${what}, tried from the host: ${why}`];
    }),
  ])).flat();
}
