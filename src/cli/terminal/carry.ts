/** Joins this process's own ends to a plain stream of an instance's. */
import { once } from 'node:events';
import type { Client } from '../../client/client.ts';
import { openStream, type StreamSession } from '../../client/stream-socket.ts';
import type { Context } from '../command.ts';
import { createProgress } from '../progress.ts';
import { carriedBy } from '../render/carried-by.ts';

export interface Carried {
  readonly session: StreamSession;
  /** Resolves once bytes flow; what came before is an error, which `session.over` has. */
  readonly started: Promise<void>;
}

/** What it gives is written to stdout; what is to be sent is the caller's. */
export async function carry(context: Context, client: Client, route: 'proxy' | 'console', name: string, ended: () => void): Promise<Carried> {
  const { stdout, stderr, isTTY, verbosity, signal } = context;
  const progress = createProgress(stderr, isTTY.stderr);
  const begun = Promise.withResolvers<void>();
  const session = await openStream(client.socket, route, name, {
    output(bytes) {
      if (stdout.write(bytes)) return true;
      stdout.once('drain', () => session.resume());
      return false;
    },
    started(rung, passedOver) {
      progress.clear();
      if (verbosity > 0 && rung !== null) stderr.write(carriedBy(rung, passedOver));
      begun.resolve();
    },
    progress: (stage) => progress.stage(stage),
    ended,
  }, signal);
  void session.over.catch(() => {}).finally(() => progress[Symbol.dispose]());
  return { session, started: begun.promise };
}

/** Everything up to stdin's end; one that cannot be read has ended. */
export async function sendAll(stdin: Context['stdin'], session: StreamSession): Promise<void> {
  try {
    for await (const chunk of stdin) await session.send(chunk as Buffer);
  } catch { /* closed, or a directory */ }
  session.end();
}

export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
