/** What an ssh client would be given by a fake guest: a stream that begins as an sshd does and gives back what it gets. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { onMessages, send, type Echo } from './protocol.ts';

export async function fakeSsh(socketPath: string): Promise<Duplex> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  const stream = new Duplex({
    read() { socket.resume(); },
    write(piece: Buffer, _encoding, done) {
      const sent = socket.write(`${JSON.stringify({ data: piece.toString('base64') } satisfies Echo)}\n`);
      if (sent || socket.destroyed) done();
      else socket.once('drain', done);
    },
    final(done) {
      send(socket, { end: true } satisfies Echo);
      done();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('error', (error) => stream.destroy(error));
  let ended = false;
  socket.on('close', () => { if (!ended) stream.destroy(); });
  onMessages(socket, (message: Echo) => {
    if ('end' in message) {
      ended = true;
      stream.push(null);
    } else if (!stream.push(Buffer.from(message.data, 'base64'))) socket.pause();
  });
  send(socket, { want: 'ssh' });
  return stream;
}
