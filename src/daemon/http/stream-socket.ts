/** A WebSocket on one side, a plain stream of an instance's on the other, with backpressure both ways. */
import { finished, type Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { controlFrame, FRAME, frame } from '../../api/frames.ts';
import type { StreamServerControl } from '../../api/stream-frames.ts';
import { errorRecord, fail, HoldfastError } from '../../core/errors.ts';
import { openInbox, takeInto } from './exec-inbox.ts';
import { parseJson, pump } from './to-client.ts';

export interface OpenStream {
  readonly stream: Duplex;
  /** Said before what the stream says. */
  readonly before?: string;
  readonly rung?: string;
  readonly passedOver?: readonly string[];
}

export type OpenStreamOf = (name: string, tell: (message: StreamServerControl) => void, signal: AbortSignal) => Promise<OpenStream>;

export async function serveStream(websocket: WebSocket, name: string, open: OpenStreamOf, onBug: (error: unknown) => void): Promise<void> {
  const gone = new AbortController();
  const tell = (message: StreamServerControl) => { if (websocket.readyState === websocket.OPEN) websocket.send(controlFrame(message)); };
  websocket.on('close', () => gone.abort(fail('cancelled', 'the client has gone')));
  websocket.on('error', () => websocket.terminate());
  // Until the stream is there, what the client says stays in its socket.
  const inbox = openInbox(websocket);
  try {
    const { stream, before = '', rung = null, passedOver = [] } = await open(name, tell, gone.signal);
    try {
      gone.signal.throwIfAborted();
      gone.signal.addEventListener('abort', () => stream.destroy());
      const over = new Promise<void>((resolve) => { finished(stream, () => resolve()); });
      tell({ type: 'started', rung, passedOver });
      if (before !== '') websocket.send(frame(FRAME.stdout, Buffer.from(before)));
      const take = takeInto(stream, websocket);
      inbox.deliver((data) => onClientFrame(data, take, stream, websocket));
      await pump(stream, FRAME.stdout, websocket);
      tell({ type: 'eof' });
      await over;
    } finally {
      stream.destroy();
    }
  } catch (error) {
    if (!(error instanceof HoldfastError)) onBug(error);
    tell({ type: 'error', error: errorRecord(error) });
  }
  // What nobody took must not keep the client's own close from being read: it would wait half a minute for ours.
  inbox.deliver(() => {});
  websocket.close(1000);
}

function onClientFrame(data: Buffer, take: (piece: Buffer) => void, stream: Duplex, websocket: WebSocket): void {
  if (data[0] === FRAME.stdin) return take(data.subarray(1));
  const message = data[0] === FRAME.control ? parseJson(data.subarray(1)) : undefined;
  if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'eof') return void stream.end();
  websocket.close(1008, 'unknown frame');
}
