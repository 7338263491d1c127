/** The primary instance: launched where it is missed, and given the home directory of its person at its first launch. */
import type { WireLaunch } from '../api/schemas.ts';
import type { Client } from '../client/client.ts';
import { homeInUse, personsHome } from '../client/home.ts';
import { HoldfastError } from '../core/errors.ts';
import { inTheNameOf } from '../core/program.ts';
import type { Context } from './command.ts';
import { UsageError } from './failure.ts';
import { launchInstance } from './launching.ts';
import { mountAtLaunch, requireSource } from './mounting.ts';
import { oneLine } from './render/plain.ts';
import { instances, primaryName } from './targets.ts';

/** In the home of the guest's user; scripts know it from Multipass. */
const TARGET = 'Home';
/** A guest may have to install sshfs first. The daemon goes on with it; whoever wants a shell waits no longer. */
const PATIENCE_SECONDS = 120;

export const PRIMARY_NOTE = 'The primary instance is given your home directory at its first launch, as Home. To take it away: holdfast umount <name>. To have none given: holdfast set local.privileged-mounts=false';

type Named = WireLaunch & { readonly name: string };

/** @returns the primary instance's name where it is one of these, and there is none: who needs it launches it */
export async function missingPrimary(client: Client, names: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const primary = await primaryName(client, signal);
  if (!names.includes(primary)) return undefined;
  return (await instances(client, signal)).some(({ name }) => name === primary) ? undefined : primary;
}

export async function launchPrimary(context: Context, client: Client, wanted: Named): Promise<void> {
  await launchInstance(context, client, wanted);
  await shareHome(context, client, wanted);
}

/** What keeps it from being mounted is told in a line: the instance is there all the same. @throws cancelled */
export async function shareHome(context: Context, client: Client, { name, timeoutSeconds = PATIENCE_SECONDS }: Named): Promise<void> {
  // A directory of this machine is nothing to a daemon elsewhere.
  if (homeInUse(context.env).run.remote) return;
  const home = personsHome(context.env);
  try {
    const source = await requireSource(home);
    // Of system users, and whoever has none.
    if (source === '/') throw new UsageError('it is the root of this machine', `name a directory: holdfast mount <source> ${name}`);
    await mountAtLaunch(context, client, name, { source, target: TARGET }, { timeoutSeconds });
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'cancelled') throw error;
    const hint = error instanceof HoldfastError || error instanceof UsageError ? error.hint : undefined;
    const why = `${error instanceof Error ? error.message : String(error)}${hint === undefined ? '' : ` (${inTheNameOf(context.calledAs, hint)})`}`;
    context.stderr.write(`${oneLine(`Your home directory ${home} is not mounted in ${name}: ${why}`)}\n`);
  }
}
