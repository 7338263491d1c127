/** Listens on the home's socket, which only its owner may use from the moment it exists, and on another that was asked for. */
import { once } from 'node:events';
import { lstatSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { fail } from '../../core/errors.ts';

/** A socket that is there already is a dead daemon's: the home's lock is held by this one. */
export async function listenOn(server: FastifyInstance, socket: string): Promise<void> {
  rmSync(socket, { force: true });
  // What takes long about it is done under the umask that others' files are made with.
  await server.ready();
  const before = process.umask(0o177);
  try {
    await server.listen({ path: socket });
  } finally {
    process.umask(before);
  }
}

/**
 * A socket elsewhere that leads to the same server, for the daemon's own user too.
 * @throws home-unusable  somebody listens there, or what is there is no socket, or it cannot be made
 */
export async function listenBeside(server: Server, socket: string): Promise<Disposable> {
  if (lstatSync(socket, { throwIfNoEntry: false })?.isSocket() && !await isListenedOn(socket)) rmSync(socket, { force: true });
  const listener = createServer((connection) => { server.emit('connection', connection); });
  const before = process.umask(0o177);
  try {
    listener.listen(socket);
    await once(listener, 'listening');
  } catch (error) {
    throw fail('home-unusable', `cannot listen on ${socket}: ${error instanceof Error ? error.message : String(error)}`, { hint: 'see who has it, or choose another address', cause: error });
  } finally {
    process.umask(before);
  }
  return {
    [Symbol.dispose]() {
      listener.close();
      rmSync(socket, { force: true });
    },
  };
}

async function isListenedOn(socket: string): Promise<boolean> {
  const probe = connect(socket);
  try {
    await once(probe, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    probe.destroy();
  }
}
