/** Work that nobody waits for any more need not go on. */
import type { FastifyReply } from 'fastify';
import { fail } from '../../core/errors.ts';

/** @returns a signal that aborts when the answer is done with, which is no news then, or the client has hung up */
export function untilLeft({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => left.abort(fail('cancelled', 'whoever asked has left')));
  return left.signal;
}
