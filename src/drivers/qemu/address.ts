/**
 * The second rung: the guest's own sshd. On the bridge the host reaches its address; on the user network by a forward
 * from a loopback port, made when it is asked for and removed with the stream that used it, which reaches the address
 * that the user network gave the guest and no other.
 */
import type { Duplex } from 'node:stream';
import { fail } from '../../core/errors.ts';
import { oneAtATime } from '../../core/one-at-a-time.ts';
import type { AddressPort } from '../../guest/lane-port.ts';
import { connectSocket } from './lanes.ts';
import type { QmpClient } from './qmp/client.ts';

/** The guest's own address, which the host reaches over its home's bridge. */
export class DirectAddress implements AddressPort {
  readonly #guestAddress: string;

  constructor(guestAddress: string) {
    this.#guestAddress = guestAddress;
  }

  connect(signal: AbortSignal): Promise<Duplex> {
    return connectSocket({ host: this.#guestAddress, port: SSH_PORT }, `port 22 of ${this.#guestAddress}`, signal);
  }
}

const NETDEV = 'net0';
const SSH_PORT = 22;

export class UserNetworkAddress implements AddressPort {
  readonly #monitor: () => QmpClient;
  readonly #guestAddress: string;
  /** Which port QEMU took is known by what is new in its table. */
  readonly #inTurn = oneAtATime();

  constructor(monitor: () => QmpClient, guestAddress: string) {
    this.#monitor = monitor;
    this.#guestAddress = guestAddress;
  }

  async connect(signal: AbortSignal): Promise<Duplex> {
    const port = await this.#inTurn(() => this.#forward());
    const remove = () => this.#human(`hostfwd_remove ${NETDEV} tcp:127.0.0.1:${port}`).catch(() => undefined);
    try {
      const stream = await connectSocket({ host: '127.0.0.1', port }, `port 22 of ${this.#guestAddress}`, signal);
      stream.once('close', () => void remove());
      return stream;
    } catch (error) {
      await remove();
      throw error;
    }
  }

  /** Forwards of a daemon that is gone. */
  async clear(): Promise<void> {
    await this.#inTurn(async () => {
      for (const port of await this.#ports()) await this.#human(`hostfwd_remove ${NETDEV} tcp:127.0.0.1:${port}`);
    });
  }

  /** The port is chosen by the system (0), so that nobody can take it in between. */
  async #forward(): Promise<number> {
    const before = await this.#ports();
    const said = await this.#human(`hostfwd_add ${NETDEV} tcp:127.0.0.1:0-${this.#guestAddress}:${SSH_PORT}`);
    const port = [...await this.#ports()].find((candidate) => !before.has(candidate));
    if (port === undefined) throw fail('guest-unreachable', `no forward to ${this.#guestAddress} could be made: ${said.trim() || 'QEMU did not say why'}`);
    return port;
  }

  async #ports(): Promise<ReadonlySet<number>> {
    return forwardedPorts(await this.#human('info usernet'));
  }

  async #human(command: string): Promise<string> {
    const said: unknown = await this.#monitor().execute('human-monitor-command', { 'command-line': command });
    return typeof said === 'string' ? said : '';
  }
}

/** @param table  what `info usernet` prints: protocol[state], descriptor, source address and port, … */
export function forwardedPorts(table: string): Set<number> {
  return new Set([...table.matchAll(/^\s*TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s/gm)].map((match) => Number(match[1])));
}
