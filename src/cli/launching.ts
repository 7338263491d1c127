/** Launches one instance and tells how it went: for `launch`, and for the primary that `start` or `shell` misses. */
import type { WireLaunch } from '../api/schemas.ts';
import type { Client } from '../client/client.ts';
import type { Context } from './command.ts';
import { runOperation } from './operations.ts';
import { createProgress, type Progress } from './progress.ts';

export async function launchInstance(context: Context, client: Client, wanted: WireLaunch, progress: Progress = createProgress(context.stderr, context.isTTY.stderr)): Promise<void> {
  using shown = progress;
  const timezone = hostTimezone();
  const body: WireLaunch = { ...wanted, ...(timezone ? { timezone } : {}) };
  const { result } = await runOperation(context, client, () => client.call('launch', { body }), { timeoutSeconds: wanted.timeoutSeconds, progress: shown });
  shown.clear();
  const zone = result['zone'] ? ` in ${result['zone']}` : '';
  context.stdout.write(`Launched: ${result['name'] ?? wanted.name ?? ''}${zone}\n`);
}

/** The caller's, which TZ can change; what the API would refuse is left to the guest's default. */
function hostTimezone(): string | undefined {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return /^[A-Za-z0-9_+/-]{1,64}$/.test(name) ? name : undefined;
}
