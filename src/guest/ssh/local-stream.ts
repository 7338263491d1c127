/**
 * A channel to a socket in the guest, as a stream of our own: ssh2 leaves writers waiting for ever when a channel closes
 * under them, and its channels have no end in the sense of Node's streams.
 */
import { Duplex, type Writable } from 'node:stream';
import type { ClientChannel } from 'ssh2';

const CHUNK = 64 * 1024;

/**
 * Each direction ends by itself.
 * @param lost  aborts when the connection under the channel ends; its reason is what is told
 * @param transport  what carries it: ssh2 gives it all that the channel's window allows, whether it is taken or not
 */
export function localStream(channel: ClientChannel, lost: AbortSignal, transport: Writable): Duplex {
  let closed = false;
  let writing = (): void => {};
  const stream = new Duplex({
    readableHighWaterMark: CHUNK, writableHighWaterMark: CHUNK,
    read() { channel.resume(); },
    write(piece: Buffer, _encoding, done) {
      // Nobody is there any more to take it; that there is an end is what the reader is told.
      if (closed) return done();
      const taken = (): void => {
        if (writing !== taken) return;
        writing = () => {};
        done();
      };
      writing = taken;
      channel.write(piece, () => {
        if (transport.writableNeedDrain) transport.once('drain', taken);
        else taken();
      });
    },
    final(done) {
      channel.end();
      done();
    },
    destroy(error, done) {
      closed = true;
      // Whatever still comes is taken, so that the channel can close.
      channel.resume();
      channel.close();
      done(error);
    },
  });
  stream.on('error', () => {});
  channel.on('error', () => {});
  channel.stderr.on('error', () => {}).resume();
  channel.on('data', (piece: Buffer) => { if (!closed && !stream.push(piece)) channel.pause(); });
  channel.on('end', () => { if (!stream.destroyed) stream.push(null); });
  // After ssh2, which ends the channel in this turn: whoever has read all that came sees an end, and no failure.
  const onLost = (): void => queueMicrotask(() => stream.destroy(lost.reason as Error));
  channel.on('close', () => {
    lost.removeEventListener('abort', onLost);
    closed = true;
    writing();
    stream.end();
  });
  if (lost.aborted) onLost();
  else lost.addEventListener('abort', onLost, { once: true });
  return stream;
}
