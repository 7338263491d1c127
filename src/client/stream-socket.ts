/** A plain stream of an instance's (for an ssh client, or its console): each way only as fast as the other end takes it. */
import { controlFrame, FRAME } from '../api/frames.ts';
import type { StreamServerControl } from '../api/stream-frames.ts';
import { fail, isErrorCode, type HoldfastError } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { pathOf } from './paths.ts';
import { openSocket, sendBytes } from './socket.ts';

export interface StreamHandlers {
  /** @returns false when the reader is behind: no more is read until `resume` */
  output(bytes: Uint8Array): boolean;
  started(rung: string | null, passedOver: readonly string[]): void;
  progress(stage: string): void;
  /** Nothing more comes; what is sent may still be taken. */
  ended(): void;
}

export interface StreamSession {
  send(bytes: Uint8Array): Promise<void>;
  /** Nothing more is sent. */
  end(): void;
  resume(): void;
  close(): void;
  /** Resolves when both directions have ended. */
  readonly over: Promise<void>;
}

/** @param signal  of use until it has started: what is aborted afterwards goes on */
export async function openStream(socket: Endpoint, route: 'proxy' | 'console', name: string, handlers: StreamHandlers, signal?: AbortSignal): Promise<StreamSession> {
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  over.catch(() => {});
  const starting = new AbortController();
  const abort = () => starting.abort();
  signal?.addEventListener('abort', abort, { once: true });
  const settle = () => signal?.removeEventListener('abort', abort);
  let ended = false;
  const ws = await openSocket(socket, pathOf(route, { name }), {
    failed(error) {
      settle();
      if (ended) resolve();
      else reject(error);
    },
    lost: () => fail('daemon-failed', `the connection to the daemon was lost, and the one to ${name} with it`, { hint: 'its log may say why: holdfast logs' }),
    message(kind, payload) {
      if (kind === FRAME.stdout && !handlers.output(payload)) ws.pause();
      if (kind !== FRAME.control) return;
      const message = JSON.parse(payload.toString('utf8')) as StreamServerControl;
      switch (message.type) {
        case 'started':
          settle();
          return handlers.started(message.rung, message.passedOver);
        case 'progress': return handlers.progress(message.stage);
        case 'eof':
          ended = true;
          return handlers.ended();
        case 'error':
          reject(errorIn(message));
          return ws.close();
      }
    },
  }, starting.signal);
  return {
    send: (bytes) => sendBytes(ws, bytes),
    end() { if (ws.readyState === ws.OPEN) ws.send(controlFrame({ type: 'eof' })); },
    resume: () => ws.resume(),
    close() {
      ended = true;
      ws.terminate();
    },
    over,
  };
}

function errorIn({ error: { code, message, hint } }: Extract<StreamServerControl, { type: 'error' }>): HoldfastError {
  return fail(isErrorCode(code) ? code : 'exec-failed', message, { hint: hint ?? undefined });
}
