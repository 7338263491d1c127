/** A shell in a fake guest: each command is one connection to the machine's socket. */
import { connect } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { fail } from '../../core/errors.ts';
import type { ExecExit, ExecRequest, ExecSession, GuestShell } from '../../guest/shell.ts';
import { onMessages, send, type ExecOutput } from './protocol.ts';

export function fakeShell(socketPath: string, user: string, machineGone: Promise<string>): GuestShell {
  const closing = Promise.withResolvers<string>();
  let alive = true;
  const closed = Promise.race([machineGone, closing.promise]).then((reason) => {
    alive = false;
    return reason;
  });
  return {
    user,
    get alive() { return alive; },
    closed,
    exec: (request, signal) => execIn(socketPath, user, request, signal),
    async [Symbol.asyncDispose]() {
      closing.resolve('closed by us');
      await closed;
    },
  };
}

async function execIn(socketPath: string, user: string, request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
  if (signal.aborted) throw fail('cancelled', 'the command was cancelled', { cause: signal.reason });
  const socket = connect(socketPath);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) => reject(fail('guest-unreachable', `the fake guest is gone: ${error.message}`, { cause: error })));
  });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = Promise.withResolvers<ExecExit>();
  exit.promise.catch(() => undefined);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    exit.reject(fail('guest-unreachable', 'the connection into the fake guest ended before the command did'));
    stdout.end();
    stderr.end();
  });
  onMessages(socket, (message: ExecOutput) => {
    if ('stdout' in message) stdout.write(message.stdout);
    else if ('stderr' in message) stderr.write(message.stderr);
    else exit.resolve(message.exit);
  });
  const home = user === 'root' ? '/root' : `/home/${user}`;
  send(socket, { want: 'exec', command: request.command, cwd: request.cwd ?? home, env: { HOME: home, ...request.env }, user });
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      send(socket, { stdin: chunk.toString('utf8') });
      done();
    },
    final(done) {
      send(socket, { end: true });
      done();
    },
  });
  return {
    stdin, stdout, stderr, exit: exit.promise,
    resize: () => undefined,
    signal(name) {
      // As SSH does, which can carry a few only.
      if (!/^(?:SIG)?(?:ABRT|ALRM|FPE|HUP|ILL|INT|KILL|PIPE|QUIT|SEGV|TERM|USR1|USR2)$/.test(name)) throw fail('bad-argument', `${name} is no signal that can be sent`);
      send(socket, { signal: name });
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}
