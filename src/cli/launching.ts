/** Launches one instance and tells how it went: for `launch`, and for the primary (primary.ts). */
import type { WireLaunch, WireMountWish } from '../api/schemas.ts';
import type { Client } from '../client/client.ts';
import { fail, HoldfastError } from '../core/errors.ts';
import type { Context } from './command.ts';
import { withConsent } from './consent.ts';
import { mountAtLaunch } from './mounting.ts';
import { runOperation } from './operations.ts';
import { createProgress, type Progress } from './progress.ts';

export async function launchInstance(context: Context, client: Client, wanted: WireLaunch, progress: Progress = createProgress(context.stderr, context.isTTY.stderr), mounts: readonly WireMountWish[] = []): Promise<void> {
  using shown = progress;
  const timezone = hostTimezone();
  const body: WireLaunch = { ...wanted, ...(timezone ? { timezone } : {}) };
  const { result } = await runOperation(context, client, () => withConsent(context, body.makeBridge ?? false, async (agreement) => {
    shown.clear();
    return await client.call('launch', { body: { ...body, ...agreement } }).catch((error: unknown) => { throw isOfArguments(error) ? invalidArguments(error) : error; });
  }), { timeoutSeconds: wanted.timeoutSeconds, progress: shown });
  const name = result['name'] ?? wanted.name ?? '';
  shown.clear();
  const zone = result['zone'] ? ` in ${result['zone']}` : '';
  context.stdout.write(`Launched: ${name}${zone}\n`);
  for (const wish of mounts) await mountAtLaunch(context, client, name, wish, { timeoutSeconds: wanted.timeoutSeconds, progress: shown });
}

/** What a launch is refused with before it begins: of its arguments, as Multipass sums them up. */
const OF_ARGUMENTS: ReadonlySet<string> = new Set(['bad-argument', 'refused', 'bad-name', 'bad-size', 'not-found', 'not-supported', 'wrong-state']);

function isOfArguments(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && OF_ARGUMENTS.has(error.code);
}

/** The reason becomes the details line. */
export function invalidArguments({ code, message, hint }: HoldfastError): HoldfastError {
  return fail(code, 'Invalid arguments supplied', { hint: hint === undefined ? message : `${message}\n${hint}` });
}

/** The caller's, which TZ can change; what the API would refuse is left to the guest's default. */
function hostTimezone(): string | undefined {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return /^[A-Za-z0-9_+/-]{1,64}$/.test(name) ? name : undefined;
}
