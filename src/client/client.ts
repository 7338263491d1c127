/** The daemon's API as typed calls, drawn from its table of routes. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import type { ROUTES } from '../api/routes.ts';
import type { WireImage, WireOperation } from '../api/schemas.ts';
import { fail, HoldfastError } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { followOperation } from './follow.ts';
import { PATHS, pathOf, type Parameters } from './paths.ts';
import { connectionError, send, textOf, wasReset } from './request.ts';

type Routes = typeof ROUTES;
/** Routes with a JSON answer, asked with JSON. */
export type CallName = { [N in keyof Routes]: Routes[N] extends { stream: string } ? never : N }[keyof Routes];
type Part<R, K extends string> = R extends { readonly [P in K]: infer S extends TSchema } ? { readonly [P in K]: Static<S> } : unknown;
export type Input<N extends CallName> = Part<Routes[N], 'params'> & Part<Routes[N], 'query'> & Part<Routes[N], 'body'>;
export type Answer<N extends CallName> = Routes[N] extends { readonly answer: infer S extends TSchema } ? Static<S> : never;

/** `list` answers from memory; a daemon that is silent for this long is ill. */
const ANSWER_MS = 60_000;

export interface Client {
  readonly socket: Endpoint;
  call<N extends CallName>(name: N, input: Input<N>, options?: { signal?: AbortSignal | undefined; deadlineMs?: number }): Promise<Answer<N>>;
  /** Resolves when the operation has ended, well or not. */
  follow(id: string, onChange: (operation: WireOperation) => void, signal?: AbortSignal): Promise<WireOperation>;
  /** Answers once the operation is undone, which takes as long as it takes. */
  cancel(id: string): Promise<WireOperation>;
  upload(name: string, stream: Readable, bytes: number, signal?: AbortSignal): Promise<WireImage>;
  /** @param only  the console's part */
  logs(instance: string | undefined, signal?: AbortSignal, only?: 'console'): Promise<AsyncIterable<Uint8Array>>;
}

/** @param revive  starts a daemon when the one that was followed does not come back */
export function createClient(socket: Endpoint, revive: () => Promise<void>): Client {
  return {
    socket,
    async call(name, input, { signal, deadlineMs = ANSWER_MS } = {}) {
      const { params, query, body } = input as { params?: Parameters; query?: Parameters; body?: unknown };
      const { method } = PATHS[name];
      const ask = () => send({ socket, method, path: pathOf(name, params, query), body, signal, deadlineMs });
      return answerOf(await ask().catch(async (error: unknown) => {
        if (!canAskAgain(socket, method, error)) throw error;
        await revive();
        return ask();
      }));
    },
    follow: (id, onChange, signal) => followOperation({ socket, id, onChange, signal, revive }),
    cancel: async (id) => answerOf(await send({ socket, method: 'DELETE', path: pathOf('cancelOperation', { id }) })),
    upload: async (name, stream, bytes, signal) =>
      answerOf(await send({ socket, method: 'POST', path: pathOf('uploadImage', {}, { name }), upload: { stream, bytes }, signal })),
    async logs(name, signal, only) {
      return watchErrors(await send({ socket, method: 'GET', path: pathOf('logs', {}, { name, only }), signal, deadlineMs: ANSWER_MS }));
    },
  };
}

/** The daemon went between our looking and our asking: either it heard nothing, or it was only to tell something. */
function canAskAgain(socket: Endpoint, method: string, error: unknown): boolean {
  if (!(error instanceof HoldfastError)) return false;
  // One elsewhere is not ours to start.
  return (error.code === 'daemon-unreachable' && typeof socket === 'string') || (method === 'GET' && wasReset(error.cause));
}

/** The daemon validates what it is sent; what it answers is trusted to be of the version it says. */
async function answerOf<T>(answer: IncomingMessage): Promise<T> {
  const text = await textOf(answer);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw fail('daemon-failed', 'the daemon\'s answer is not JSON', { cause: error, hint: 'the CLI and the daemon may be of different versions: holdfast version' });
  }
}

async function* watchErrors(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw connectionError(error);
  }
}
