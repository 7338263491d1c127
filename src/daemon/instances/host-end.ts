/**
 * The host is shut down while machines run: to a guest, its machine's end by systemd's last SIGTERM is a power cut. So guests
 * are shut down first. They stay wanted, and come back with the host.
 */
import type { State } from '../../core/instance.ts';
import { run } from '../../host/process/run.ts';
import { fail } from '../../core/errors.ts';
import type { House } from './house.ts';
import type { Supervisor } from '../supervisor.ts';
import { powerOff } from './stop.ts';

/** Less than the unit's TimeoutStopSec; what is not off by then has its power cut, as without us. */
const ALL_MS = 100_000;
const ASK_MS = 5_000;
/** systemd ends everything at once: a machine that was started in somebody's session, by a daemon of before, may go before this is told. */
const BEFORE_MS = 30_000;
/** Its machine may be there in a moment. */
const COMING: readonly State[] = ['Starting', 'Restarting'];

/** Whether the manager that told this daemon to end is ending itself: the host's at a shutdown, a person's own when he logs out. */
export async function isManagerEnding(env: Readonly<Record<string, string | undefined>>, isRoot: boolean): Promise<boolean> {
  // systemd.exec(5): whatever it starts has one.
  if (!env['INVOCATION_ID']) return false;
  const request = { tool: 'systemctl', args: [...(isRoot ? [] : ['--user']), 'is-system-running'], package: 'systemd', deadlineMs: ASK_MS, passCodes: [1] };
  return await run(request).then(({ stdout }) => stdout.trim() === 'stopping', () => false);
}

/** Resolves when all are off, or have had their time; from now on nothing is started. */
export async function shutDownGuests(house: House): Promise<void> {
  const { registry, log, hostEnd } = house;
  const since = Date.now() - BEFORE_MS;
  const limit = AbortSignal.timeout(ALL_MS);
  hostEnd.abort();
  await Promise.all(registry.everybodys.filter((supervisor) => isOn(supervisor)).map((supervisor) => turnOff(house, supervisor, limit).catch((error: unknown) => {
    log.line('host-end', supervisor.name, `${supervisor.name} was not shut down before the host: ${error instanceof Error ? error.message : String(error)}`, 'its file system replays its journal at the next start');
  })));
  for (const supervisor of registry.everybodys) if (wentWithHost(supervisor, since)) supervisor.settle('Stopped', 'the host was shut down');
}

function isOn({ machine, observed }: Supervisor): boolean {
  return machine === undefined ? COMING.includes(observed) : observed !== 'Crashed';
}

async function turnOff({ registry, engine }: House, supervisor: Supervisor, limit: AbortSignal): Promise<void> {
  const { machine, occupation } = supervisor;
  // What it makes first, such as a template, may take longer than there is; and it would be taken back in the end.
  if (machine === undefined && occupation?.kind === 'launch') void engine.cancel(occupation.operation, 'the host is being shut down');
  const isDecided = (): boolean => supervisor.machine !== undefined || !COMING.includes(supervisor.observed) || registry.byId(supervisor.id) !== supervisor;
  await supervisor.until(isDecided, `${supervisor.name} is still being started`, ALL_MS, limit);
  // Its guest hears nothing, and would go on where it stopped if it could.
  if (supervisor.machine?.isPaused === true) throw fail('machine-failed', `it is paused: ${supervisor.machine.pauseReason ?? 'nobody knows why'}`);
  await powerOff(supervisor, ALL_MS / 1000, limit);
}

/** No crash, then: it comes back with the host. Where its own kernel panicked, the machine was kept. */
function wentWithHost({ observed, machine, record }: Supervisor, since: number): boolean {
  return observed === 'Crashed' && machine === undefined && record.wanted.running && Date.parse(record.observed.at) >= since;
}
