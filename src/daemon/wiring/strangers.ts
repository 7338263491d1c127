/**
 * Connections of those who have not said who they are, or are not let in: few, and short. They are bounded for each source
 * and in all, the longest there goes first, so that whoever holds many open keeps nobody else out.
 */
import type { Socket } from 'node:net';
import { sourceOf } from '../trust/attempts.ts';

export interface Limits {
  readonly perSource: number;
  readonly inAll: number;
  readonly lifeMs: number;
}

export interface Strangers {
  admit(socket: Socket): void;
  /** He is known now. @param socket  the one that was admitted, or what was laid over it */
  release(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void;
}

interface Guest {
  readonly socket: Socket;
  readonly source: string;
  readonly ends: NodeJS.Timeout;
}

export function strangers({ perSource, inAll, lifeMs }: Limits): Strangers {
  /** In the order in which they came. */
  const inside = new Map<string, Guest>();
  const forget = (key: string): void => {
    clearTimeout(inside.get(key)?.ends);
    inside.delete(key);
  };
  return {
    admit(socket) {
      const [key, source] = [keyOf(socket), sourceOf(socket.remoteAddress ?? '')];
      const ends = setTimeout(() => socket.destroy(), lifeMs);
      ends.unref();
      inside.set(key, { socket, source, ends });
      socket.once('close', () => forget(key));
      const same = [...inside.values()].filter((guest) => guest.source === source);
      const over = same.length > perSource ? same[0] : inside.size > inAll ? [...inside.values()][0] : undefined;
      over?.socket.destroy();
    },
    release: (socket) => forget(keyOf(socket)),
  };
}

/** A TLS connection and the one below it have the same peer. */
function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
