/** What both kinds of socket say to their client, no faster than it reads. */
import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import { FRAME, frame } from '../../api/frames.ts';

/** Beyond this the guest's output waits until the client has read. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Up to the end of the output; what it ends with is somebody else's to say. */
export async function pump(from: Readable, kind: typeof FRAME.stdout | typeof FRAME.stderr, websocket: WebSocket): Promise<void> {
  try {
    // Not destroyed at its end: what is written to may be the same stream.
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      if (websocket.readyState !== websocket.OPEN) return;
      const sent = Promise.withResolvers<void>();
      websocket.send(frame(kind, chunk as Buffer), () => sent.resolve());
      if (websocket.bufferedAmount > HIGH_WATER_BYTES) await sent.promise;
    }
  } catch {
    // The connection into the guest ended.
  }
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
