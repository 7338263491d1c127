/** What a driver gives so that lanes can be run over it: raw byte streams by lane name, and word of the guest's end. */
import type { Duplex } from 'node:stream';

/** Port layout 1. The order is the port number on the bus (from 1); templates and suspended state depend on it. */
export const LANES = ['control', 'session', 'bulk', 'spare0', 'spare1'] as const;
export type Lane = (typeof LANES)[number];

/** The name under which the guest finds the port in /dev/virtio-ports. */
export function guestPortName(lane: Lane): string {
  return `org.holdfast.${lane}`;
}

export interface LanePort {
  /**
   * A fresh connection to the host's end of the lane; there is at most one at a time, the caller ends the old one first.
   * @throws guest-unreachable when the machine is gone
   */
  connect(lane: Lane, signal: AbortSignal): Promise<Duplex>;
  /** True while something in the guest has the port open, as far as the machine monitor knows. */
  isGuestOpen(lane: Lane): boolean;
  /** @returns a function that stops the listening */
  onGuestOpen(listener: (lane: Lane, open: boolean) => void): () => void;
}

/** The second rung: a TCP stream to the guest's own sshd (rootless: over a loopback forward made for it and removed with it). */
export interface AddressPort {
  connect(signal: AbortSignal): Promise<Duplex>;
}

/** The third rung: a raw serial line with a root shell on it (spawned by the guest's init, no sshd, no Python). */
export interface ConsolePort {
  connect(signal: AbortSignal): Promise<Duplex>;
}
