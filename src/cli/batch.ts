/** The same operation on several instances at once: all are carried out, then all errors are told together. */
import type { WireAction, WireOperation } from '../api/schemas.ts';
import type { Client } from '../client/client.ts';
import type { Context } from './command.ts';
import { BatchError } from './failure.ts';
import { runOperation } from './operations.ts';
import { createProgress } from './progress.ts';

/** @throws the error of the one instance, or a BatchError of several */
export async function actOnAll(context: Context, client: Client, names: readonly string[], body: WireAction, timeoutSeconds?: number): Promise<readonly WireOperation[]> {
  using progress = createProgress(context.stderr, context.isTTY.stderr);
  const ended = await Promise.allSettled(names.map((name) =>
    runOperation(context, client, () => client.call('act', { params: { name }, body }), { progress, timeoutSeconds })));
  const errors = ended.filter((end) => end.status === 'rejected').map(({ reason }) => reason as unknown);
  if (errors.length > 0) throw names.length === 1 ? errors[0] : new BatchError(errors);
  return ended.filter((end) => end.status === 'fulfilled').map(({ value }) => value);
}
