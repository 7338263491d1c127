/** Server-sent events with backpressure: a listener that does not read is let go, never waited for. */
import type { FastifyReply } from 'fastify';

const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
const KEEPALIVE_MS = 15_000;

export interface EventStream {
  send(data: unknown, id?: string): void;
  end(): void;
}

/** @param onClose  called once, when the client has gone or the stream was ended */
export function openEventStream(reply: FastifyReply, onClose: () => void): EventStream {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  // Not with the first event only: who listens knows at once that he does.
  raw.flushHeaders();
  const keepalive = setInterval(() => write(': still here\n\n'), KEEPALIVE_MS);
  raw.on('close', () => {
    clearInterval(keepalive);
    onClose();
  });
  function write(text: string): void {
    if (raw.destroyed || raw.writableEnded) return;
    if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
    else raw.write(text);
  }
  return {
    send: (data, id) => write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`),
    end: () => raw.end(),
  };
}
