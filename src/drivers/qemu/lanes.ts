/** Lanes over QEMU's sockets, and what the monitor says of the guest's end of each. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { fail } from '../../core/errors.ts';
import { LANES, type ConsolePort, type Lane, type LanePort } from '../../guest/lane-port.ts';
import { LANE_ID_PREFIX } from './command-line/devices.ts';

const QUEUE_DEADLINE_MS = 5_000;

type Target = string | { readonly host: string; readonly port: number };

export class QemuLanes implements LanePort {
  readonly #sockets: Readonly<Record<Lane, string>>;
  readonly #open = new Set<Lane>();
  readonly #listeners = new Set<(lane: Lane, open: boolean) => void>();

  constructor(sockets: Readonly<Record<Lane, string>>) {
    this.#sockets = sockets;
  }

  connect(lane: Lane, signal: AbortSignal): Promise<Duplex> {
    return connectSocket(this.#sockets[lane], `the ${lane} lane`, signal);
  }

  isGuestOpen(lane: Lane): boolean {
    return this.#open.has(lane);
  }

  onGuestOpen(listener: (lane: Lane, open: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param id  of the device or character device, as the monitor names it; others than lanes are passed over */
  update(id: unknown, open: boolean): void {
    const lane = LANES.find((name) => id === `${LANE_ID_PREFIX}${name}`);
    if (lane === undefined || this.#open.has(lane) === open) return;
    if (open) this.#open.add(lane);
    else this.#open.delete(lane);
    for (const listener of this.#listeners) listener(lane, open);
  }

  /** The machine is gone. */
  closeAll(): void {
    for (const lane of LANES) this.update(`${LANE_ID_PREFIX}${lane}`, false);
  }
}

export function rescueLine(path: string): ConsolePort {
  return { connect: (signal) => connectSocket(path, 'the rescue line', signal) };
}

/**
 * QEMU serves one connection per socket and queues one more. A new one that comes before the hang-up of the last was
 * noticed finds the queue full (EAGAIN): that passes as soon as QEMU's main loop has run.
 * @throws guest-unreachable, cancelled
 */
export async function connectSocket(target: Target, what: string, signal: AbortSignal): Promise<Duplex> {
  const until = performance.now() + QUEUE_DEADLINE_MS;
  for (let wait = 10; ; wait = Math.min(wait * 2, 200)) {
    if (signal.aborted) throw cancelled(what, signal);
    try {
      return await connectOnce(target, signal);
    } catch (error) {
      if (signal.aborted) throw cancelled(what, signal);
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' || performance.now() >= until) throw fail('guest-unreachable', `${what} cannot be opened: ${message}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function cancelled(what: string, signal: AbortSignal): Error {
  return fail('cancelled', `${what} was not opened: cancelled`, { cause: signal.reason });
}

function connectOnce(target: Target, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = typeof target === 'string' ? connect(target) : connect({ ...target, noDelay: true });
    const onAbort = () => socket.destroy(new Error('cancelled'));
    signal.addEventListener('abort', onAbort, { once: true });
    const onError = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      // A reset before its user listens must not end the daemon; the user hears of it as close.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}
