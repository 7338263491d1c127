/** From a raw stream to an authenticated connection, each step with its own deadline and its own word for failing. */
import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';
import { algorithms } from './algorithms.ts';
import type { Deadlines } from './deadlines.ts';
import { clause, ReachFailure, type Stage } from './failure.ts';
import { type HostKey, isHostKey } from './host-key.ts';
import { SshShell } from './shell.ts';
import { orAbort, seconds, timeLimit } from './time-limit.ts';
import { SshTransport } from './transport.ts';

/** Version, lane, count: as hf_lane.py says it. */
const HELLO = /^(\d{1,5}(?:\.\d{1,5}){0,3}) /;

export interface SshLogin {
  readonly user: string;
  /** In OpenSSH's or PEM form. */
  readonly privateKey: string;
  readonly hostKey: HostKey;
}

export interface SshRoute {
  readonly connect: (signal: AbortSignal) => Promise<Duplex>;
  /** Whether a doorman's line comes before the banner. */
  readonly doorman: boolean;
  readonly deadlines: Deadlines;
  /** The guest is emulated. */
  readonly slow?: boolean;
}

/** @throws ReachFailure; `host-key` when somebody else answers: not to be retried silently */
export async function connectSsh(route: SshRoute, login: SshLogin, signal: AbortSignal): Promise<SshShell> {
  const { deadlines } = route;
  const raw = await within(deadlines.connect, signal, 'connect', 'the host\'s end did not open', async (limit) => {
    const opened = await route.connect(limit);
    // Too late to be of use to anybody.
    if (limit.aborted) opened.destroy();
    return opened;
  });
  const transport = new SshTransport(raw);
  const client = new Client();
  try {
    let wrongKey = false;
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => {});
    client.on('ready', () => ready.resolve());
    // Stays for the life of the client: without a listener a late error would end the daemon.
    client.on('error', (error) => ready.reject(error));
    client.on('close', () => ready.reject(new ReachFailure('lost', 'the connection was closed')));
    // ssh2 speaks first, and that is what wakes the doorman; it reads only what the transport lets through.
    client.connect({
      sock: transport,
      readyTimeout: 0,
      username: login.user,
      privateKey: login.privateKey,
      authHandler: ['publickey'],
      algorithms: algorithms(login.hostKey.type, route.slow ?? false),
      hostVerifier: (shown: Buffer) => {
        wrongKey = !isHostKey(login.hostKey, shown);
        return !wrongKey;
      },
    });
    const hello = route.doorman ? await within(deadlines.doorman, signal, 'doorman', 'nothing in the guest answered', () => transport.doorman) : '';
    await within(deadlines.banner, signal, 'sshd', route.doorman ? 'its doorman answered, but sshd did not' : 'it took the connection, but no sshd answered', () => transport.banner);
    try {
      await within(deadlines.login, signal, 'login', `login as ${login.user} was not finished`, () => ready.promise);
    } catch (error) {
      throw loginFailure(error, wrongKey, login.user);
    }
    return new SshShell(client, transport, login.user, deadlines, HELLO.exec(hello)?.[1]);
  } catch (error) {
    client.destroy();
    transport.destroy();
    throw error;
  }
}

async function within<T>(ms: number, outer: AbortSignal, stage: Stage, what: string, step: (signal: AbortSignal) => Promise<T>): Promise<T> {
  using limit = timeLimit(ms, outer);
  try {
    return await orAbort(step(limit.signal), limit.signal);
  } catch (error) {
    if (outer.aborted) throw new ReachFailure(stage, what, { cause: error });
    if (limit.expired) throw new ReachFailure(stage, `${what} within ${seconds(ms)}`, { isLate: true });
    if (error instanceof ReachFailure) throw error;
    throw new ReachFailure(stage, clause(error), { cause: error });
  }
}

function loginFailure(error: unknown, wrongKey: boolean, user: string): unknown {
  if (wrongKey) {
    return new ReachFailure('host-key', 'something answered with a host key that is not the one made for it', {
      hint: 'Somebody else may be answering in its place, or its keys were replaced inside. Nothing was sent to it.', cause: error,
    });
  }
  const level = error instanceof Error && error.cause instanceof Error && 'level' in error.cause ? error.cause.level : undefined;
  if (level === 'client-authentication') return new ReachFailure('refused', `login as ${user} was refused`, { cause: error });
  return error;
}
