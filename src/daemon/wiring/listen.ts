/** Listens on the home's socket, which only its owner may use from the moment it exists. */
import { rmSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** A socket that is there already is a dead daemon's: the home's lock is held by this one. */
export async function listenOn(server: FastifyInstance, socket: string): Promise<void> {
  rmSync(socket, { force: true });
  const before = process.umask(0o177);
  try {
    await server.listen({ path: socket });
  } finally {
    process.umask(before);
  }
}
