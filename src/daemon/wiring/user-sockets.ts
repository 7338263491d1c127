/**
 * A socket for each user who is let in, by which the daemon knows who asks: Node cannot read a peer's credentials. The
 * directories are root's, so that nobody can put a link where root is about to write; the socket is its user's alone.
 */
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { userSocket } from '../../core/home.ts';

export interface UserSockets {
  /** uid of who opened this connection; the daemon's own user by the home's socket. */
  callerOf(socket: Socket): number;
  /** Lets in these and nobody else; who is in already keeps his connections. */
  admit(server: Server, uids: readonly number[]): Promise<void>;
}

export function userSockets(runDirectory: string, ownUid: number): UserSockets {
  const callers = new WeakMap<Socket, number>();
  const doors = new Map<number, { readonly listener: NetServer; readonly inside: Set<Socket> }>();
  const open = async (server: Server, uid: number): Promise<void> => {
    const inside = new Set<Socket>();
    const listener = createServer((socket) => {
      callers.set(socket, uid);
      inside.add(socket);
      socket.once('close', () => inside.delete(socket));
      server.emit('connection', socket);
    });
    const path = userSocket(runDirectory, uid);
    for (const directory of [dirname(dirname(path)), dirname(path)]) {
      mkdirSync(directory, { recursive: true });
      // Whatever the umask is: its user passes through.
      chmodSync(directory, 0o711);
    }
    rmSync(path, { force: true });
    const before = process.umask(0o177);
    try {
      listener.listen(path);
      await once(listener, 'listening');
    } finally {
      process.umask(before);
    }
    chownSync(path, uid, -1);
    doors.set(uid, { listener, inside });
  };
  const shut = (uid: number): void => {
    const door = doors.get(uid);
    doors.delete(uid);
    door?.listener.close();
    for (const socket of door?.inside ?? []) socket.destroy();
    rmSync(dirname(userSocket(runDirectory, uid)), { recursive: true, force: true });
  };
  return {
    callerOf: (socket) => callers.get(socket) ?? ownUid,
    async admit(server, uids) {
      const wanted = new Set(uids.filter((uid) => uid !== ownUid));
      // Those that an earlier daemon left too.
      const left = readDirectory(dirname(dirname(userSocket(runDirectory, 0)))).map(Number);
      for (const uid of new Set([...doors.keys(), ...left])) if (!wanted.has(uid)) shut(uid);
      for (const uid of wanted) if (!doors.has(uid)) await open(server, uid);
    },
  };
}

const LOOK_MS = 30_000;

/** Looks who is to be let in now, every half minute and at SIGHUP. */
export async function admitMembers(door: UserSockets, server: Server, members: () => Promise<readonly number[]>, trouble: (message: string) => void): Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const look = (): Promise<void> => {
    last = last.then(async () => await door.admit(server, await members())).catch((error: unknown) => {
      trouble(`who may use this Holdfast besides root cannot be found out: ${error instanceof Error ? error.message : String(error)}`);
    });
    return last;
  };
  process.on('SIGHUP', () => void look());
  setInterval(() => void look(), LOOK_MS).unref();
  await look();
}

function readDirectory(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => /^\d{1,10}$/.test(name));
  } catch {
    return [];
  }
}
