/** Frames from the client, kept in the socket (not in memory) until somebody takes them. */
import type { Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { fail } from '../../core/errors.ts';

export interface Inbox {
  /** The first frame. @throws bad-argument when none comes in time, or the signal's reason */
  first(deadlineMs: number, signal: AbortSignal): Promise<Buffer>;
  /** All further frames, in order. */
  deliver(to: (data: Buffer) => void): void;
}

export function openInbox(websocket: WebSocket): Inbox {
  const kept: Buffer[] = [];
  let sink: ((data: Buffer) => void) | undefined;
  websocket.on('message', (data: RawData) => {
    const message = toBuffer(data);
    if (sink) return sink(message);
    kept.push(message);
    websocket.pause();
  });
  return {
    async first(deadlineMs, signal) {
      const waiting = Promise.withResolvers<Buffer>();
      const timer = setTimeout(() => waiting.reject(fail('bad-argument', 'no exec request came')), deadlineMs);
      const abort = () => waiting.reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      sink = (message) => {
        sink = undefined;
        waiting.resolve(message);
      };
      try {
        return kept.shift() ?? await waiting.promise;
      } finally {
        sink = undefined;
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      }
    },
    deliver(to) {
      sink = to;
      for (const message of kept.splice(0)) to(message);
      websocket.resume();
    },
  };
}

/** Writes what the client sends; while the writer takes no more, that stays in the socket. Listens once, however often it stalls. */
export function takeInto(writer: Writable, websocket: Pick<WebSocket, 'pause' | 'resume'>): (piece: Buffer) => void {
  const goOn = (): void => websocket.resume();
  writer.on('drain', goOn).on('close', goOn);
  return (piece) => { if (writer.writable && !writer.write(piece)) websocket.pause(); };
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
