/** A learning Ethernet switch between machines that were connected to it by a socket each. It trusts none of them. */
import type { Duplex } from 'node:stream';
import { FrameReader, macsOf } from './frames.ts';

/** Addresses that are remembered of one port: a guest that invents many forgets its own, and nobody else's. */
const MOST_ADDRESSES = 64;
/** What waits for a machine that takes nothing; further frames to it are lost, as on any network. */
const MOST_WAITING = 1024 * 1024;

interface Port {
  readonly stream: Duplex;
  readonly addresses: Set<string>;
}

export class Switch {
  readonly #ports = new Set<Port>();
  readonly #where = new Map<string, Port>();

  get ports(): number {
    return this.#ports.size;
  }

  /** @param gone  called once, when it is connected no more */
  plug(stream: Duplex, gone: () => void): void {
    const port: Port = { stream, addresses: new Set() };
    const frames = new FrameReader();
    this.#ports.add(port);
    stream.on('error', () => undefined);
    stream.on('data', (piece: Buffer) => {
      try {
        for (const frame of frames.take(piece)) this.#pass(frame, port);
      } catch {
        stream.destroy();
      }
    });
    stream.once('close', () => {
      this.#ports.delete(port);
      for (const address of port.addresses) this.#forget(address, port);
      gone();
    });
  }

  #pass(frame: Buffer, from: Port): void {
    const macs = macsOf(frame);
    if (macs === undefined) return;
    this.#learn(macs.from, from);
    const to = macs.toMany ? undefined : this.#where.get(macs.to);
    for (const port of to === undefined ? this.#ports : [to]) {
      if (port !== from && port.stream.writableLength < MOST_WAITING) port.stream.write(frame);
    }
  }

  #learn(address: string, port: Port): void {
    const before = this.#where.get(address);
    if (before === port) return;
    before?.addresses.delete(address);
    if (port.addresses.size >= MOST_ADDRESSES) {
      const [oldest] = port.addresses;
      if (oldest !== undefined) this.#forget(oldest, port);
    }
    port.addresses.add(address);
    this.#where.set(address, port);
  }

  #forget(address: string, port: Port): void {
    port.addresses.delete(address);
    if (this.#where.get(address) === port) this.#where.delete(address);
  }
}
