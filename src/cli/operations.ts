/** Begins operations and sees them to their end: shows what they are at, undoes them at Ctrl-C, watches --timeout. */
import type { Client } from '../client/client.ts';
import type { WireOperation } from '../api/schemas.ts';
import { fail, fromRecord } from '../core/errors.ts';
import { inTheNameOf } from '../core/program.ts';
import type { Context } from './command.ts';
import { createProgress, type Progress } from './progress.ts';

export interface OperationOptions {
  /** Of --timeout: the client stops waiting after so many seconds, which the daemon takes for each stage; the operation goes on. */
  readonly timeoutSeconds?: number | undefined;
  readonly progress?: Progress;
}

/** @returns the operation that is done  @throws its error; cancelled after Ctrl-C, once it is undone */
export async function runOperation(context: Context, client: Client, begin: () => Promise<WireOperation>, options: OperationOptions = {}): Promise<WireOperation> {
  const own = options.progress ? undefined : createProgress(context.stderr, context.isTTY.stderr);
  const progress = options.progress ?? own;
  const stop = new AbortController();
  const interrupt = () => stop.abort('interrupt');
  context.signal.addEventListener('abort', interrupt, { once: true });
  if (context.signal.aborted) interrupt();
  const late = options.timeoutSeconds === undefined ? undefined : setTimeout(() => stop.abort('timeout'), options.timeoutSeconds * 1000);
  try {
    // Never given up half-way: an operation whose id did not arrive could not be undone.
    const begun = await begin();
    return settled(await follow(context, client, begun, stop.signal, progress));
  } finally {
    clearTimeout(late);
    context.signal.removeEventListener('abort', interrupt);
    own?.[Symbol.dispose]();
  }
}

async function follow({ calledAs }: Context, client: Client, begun: WireOperation, signal: AbortSignal, progress: Progress | undefined): Promise<WireOperation> {
  try {
    const ended = await client.follow(begun.id, (operation) => {
      for (const notice of operation.notices) progress?.notice(inTheNameOf(calledAs, notice));
      if (operation.status === 'running') progress?.stage(operation.stage, operation.fraction);
    }, signal);
    return ended;
  } catch (error) {
    if (signal.aborted && signal.reason === 'timeout') {
      throw fail('timed-out', 'timed out waiting; the daemon goes on with it', { hint: 'how far it is: holdfast list', cause: error });
    }
    if (!signal.aborted) throw error;
    progress?.stage('Cancelling');
    return await client.cancel(begun.id);
  }
}

/** @returns the operation when it is done  @throws what it ended with otherwise */
function settled(operation: WireOperation): WireOperation {
  if (operation.status === 'done') return operation;
  if (operation.status === 'cancelled') {
    // What was told to a guest cannot be taken back; and it may have been somebody else who called it off.
    const undone = operation.kind === 'launch' || operation.kind === 'image-build' || operation.kind === 'template-build';
    throw undone ? fail('cancelled', 'cancelled, and undone') : fail('cancelled', `cancelled: ${operation.error?.message ?? 'it was cancelled'}`, { hint: 'how things stand: holdfast list' });
  }
  throw operation.error ? fromRecord(operation.error) : fail('internal', `operation ${operation.id} ended as ${operation.status} without a reason`);
}
