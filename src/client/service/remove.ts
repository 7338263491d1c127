/** Takes a home's service away. Its machines go on; the next command starts a daemon for them. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { userSocket, type HomeLayout } from '../../core/home.ts';
import { UNIT } from '../../core/service/unit.ts';
import { homeOfUnit } from './installed.ts';
import { clientOf, servedBy } from './serving.ts';
import { requireSystemd, systemctl, unitState, type Manager } from './systemd.ts';

export interface Removed {
  /** Nothing was there. */
  readonly wasAbsent: boolean;
  /** Names of the instances that go on. */
  readonly running: readonly string[];
}

/** @throws not-supported, daemon-failed, cancelled */
export async function removeService(manager: Manager, layout: HomeLayout, env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<Removed> {
  requireSystemd(manager, env);
  const { installed, active } = await unitState(manager, signal);
  if (!installed && active === 'inactive' && homeOfUnit(manager.unitPath) === undefined) return { wasAbsent: true, running: [] };
  const running = await runningIn(layout, signal);
  await systemctl(manager, ['disable', '--now', UNIT], signal);
  rmSync(manager.unitPath, { force: true });
  await systemctl(manager, ['daemon-reload'], signal);
  // Dead sockets there would keep its users from daemons of their own.
  if (manager.scope === 'system') rmSync(dirname(dirname(userSocket(layout.run.directory, 0))), { recursive: true, force: true });
  // Of a unit that had not failed there is nothing to forget.
  await systemctl(manager, ['reset-failed', UNIT], signal).catch(() => undefined);
  return { wasAbsent: false, running };
}

async function runningIn(layout: HomeLayout, signal: AbortSignal): Promise<string[]> {
  if (!(await servedBy(layout, signal))) return [];
  const { instances } = await clientOf(layout).call('listInstances', {}, { signal });
  return instances.filter(({ startedAt }) => startedAt !== null).map(({ name }) => name);
}
