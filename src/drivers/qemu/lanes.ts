/** Lanes over QEMU's sockets, and what the monitor says of the guest's end of each. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { fail } from '../../core/errors.ts';
import { LANES, type ConsolePort, type Lane, type LanePort } from '../../guest/lane-port.ts';
import { LANE_ID_PREFIX } from './command-line/devices.ts';

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

/** @throws guest-unreachable, cancelled */
export function connectSocket(target: string | { readonly host: string; readonly port: number }, what: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(fail('cancelled', `${what} was not opened: cancelled`, { cause: signal.reason }));
    const socket = typeof target === 'string' ? connect(target) : connect({ ...target, noDelay: true });
    const settle = () => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners('connect');
      socket.off('error', onError);
    };
    const onError = (error: Error) => {
      settle();
      reject(fail('guest-unreachable', `${what} cannot be opened: ${error.message}`, { cause: error }));
    };
    const onAbort = () => {
      settle();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(fail('cancelled', `${what} was not opened: cancelled`, { cause: signal.reason }));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}
