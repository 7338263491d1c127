/**
 * The process behind one private network: `holdfast-switch SOCKET MS`. It outlives daemons, as machines do, and ends by itself
 * when nobody has been connected for so many milliseconds.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { Switch } from './switch.ts';

const [path = '', aloneMs = ''] = process.argv.slice(2);
const ports = new Switch();
let alone: NodeJS.Timeout | undefined;

const server = createServer((socket) => {
  clearTimeout(alone);
  ports.plug(socket, () => { if (ports.ports === 0) endSoon(); });
});
server.once('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EADDRINUSE') void takePlace(error);
  else end(error.message);
});
process.title = 'holdfast-switch';
process.umask(0o077);
listen();

function listen(): void {
  server.listen(path, () => {
    chmodSync(path, 0o600);
    endSoon();
  });
}

/** Of a switch that was killed; where one answers, it is in its place, and this one is not needed. */
async function takePlace(because: Error): Promise<void> {
  const answers = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => { probe.destroy(); resolve(true); });
    probe.once('error', () => resolve(false));
  });
  if (answers) process.exit(0);
  if (!lstatSync(path).isSocket()) return end(because.message);
  server.once('error', (error) => end(error.message));
  unlinkSync(path);
  listen();
}

function endSoon(): void {
  clearTimeout(alone);
  alone = setTimeout(() => {
    // Closing takes the socket's file away too.
    server.close(() => process.exit(0));
  }, Number(aloneMs));
}

function end(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
