/** A WebSocket of the daemon's, as exec, proxy and console use it. */
import type { WebSocket } from 'ws';
import { FRAME, frame, MAX_FRAME_BYTES } from '../api/frames.ts';
import type { HoldfastError } from '../core/errors.ts';
import { connectorTo, type Endpoint } from './endpoint.ts';
import { cancelled, connectionError, errorOf, textOf } from './request.ts';

export interface SocketHandlers {
  /** @param kind  of FRAME */
  message(kind: number | undefined, payload: Buffer): void;
  /** Called at least once in its life; what comes after its end, or after the first, is no news. */
  failed(error: unknown): void;
  /** Composes what to say when it was closed. */
  lost(): HoldfastError;
}

let loaded: Promise<typeof import('ws')> | undefined;

/** Loaded when it is asked for: most commands do without it. Best in a command's first turn, as `readyToSend`. */
export function loadSockets(): Promise<typeof import('ws')> {
  return loaded ??= import('ws');
}

export async function openSocket(socket: Endpoint, path: string, handlers: SocketHandlers, signal?: AbortSignal): Promise<WebSocket> {
  const { WebSocket: Socket } = await loadSockets();
  // Not `ws+unix:`, whose URL has no way to write a colon in the socket's path.
  const ws = new Socket(`ws://holdfast${path}`, { createConnection: connectorTo(socket), perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES + 1 });
  const abort = () => {
    handlers.failed(cancelled());
    ws.terminate();
  };
  signal?.addEventListener('abort', abort, { once: true });
  ws.on('unexpected-response', (_, answer) => {
    textOf(answer).then((text) => handlers.failed(errorOf(answer.statusCode ?? 0, text)), handlers.failed).finally(() => ws.terminate());
  });
  ws.on('error', (error) => handlers.failed(connectionError(error)));
  ws.on('close', () => {
    signal?.removeEventListener('abort', abort);
    handlers.failed(handlers.lost());
  });
  ws.on('message', (data: Buffer) => handlers.message(data[0], data.subarray(1)));
  return ws;
}

/** In the socket's own buffer before the reader of what is sent has to wait. */
const SENT_AHEAD_BYTES = 1024 * 1024;
const SLICE_BYTES = MAX_FRAME_BYTES / 4;

/** Resolves when the bytes have left, so that they are read no faster than the guest takes them. */
export async function sendBytes(ws: WebSocket, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length && ws.readyState === ws.OPEN; at += SLICE_BYTES) {
    const sent = Promise.withResolvers<void>();
    ws.send(frame(FRAME.stdin, bytes.subarray(at, at + SLICE_BYTES)), () => sent.resolve());
    if (ws.bufferedAmount > SENT_AHEAD_BYTES) await sent.promise;
  }
}
