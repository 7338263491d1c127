/** What changes the host is agreed to first: at a terminal when it is asked, by an option elsewhere. */
import { fail, HoldfastError } from '../core/errors.ts';
import { confirmed } from './ask.ts';
import type { Context, OptionSpec } from './command.ts';
import { UsageError } from './failure.ts';

export const YES_BRIDGE = { flags: '--yes-bridge', summary: 'put a network card of the host into a bridge without asking' } as const satisfies OptionSpec;

/** @param agreed  beforehand  @param begin  asks the daemon, which refuses where it takes a bridge and nobody has agreed  @throws consent-needed where nobody can be asked */
export async function withConsent<T>(context: Context, agreed: boolean, begin: (agreement: { readonly makeBridge?: true }) => Promise<T>): Promise<T> {
  try {
    return await begin(agreed ? { makeBridge: true } : {});
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'consent-needed') throw error;
    if (!context.isTTY.stdin) throw fail(error.code, `${error.message}; agree to it with --yes-bridge`);
    if (!await confirmed(context, `${error.message}. Go on?`)) throw new UsageError('Nothing was changed', 'to do it without a question: --yes-bridge');
    return await begin({ makeBridge: true });
  }
}
