/** What the contract suites are run on, and what they wait for. */
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import type { Driver, MachineEnd, MachineSpec, RunningMachine, Work } from '../../src/drivers/driver.ts';

export interface DriverUnderTest {
  /** Another daemon over the same home. */
  daemon(): Driver;
  machine(id: string): MachineSpec;
  /** The process behind a running machine. */
  pidOf(id: string): Promise<number>;
  /** Files and directories that belong to the machine. */
  remains(id: string): Promise<readonly string[]>;
  /** Has a guest that answers, so that reaching it can be tested here. */
  readonly guests: boolean;
  /** A machine costs little, so that several may run. */
  readonly cheap: boolean;
  /** Slots of the further cards that a running machine has; left out where none can be plugged in here. */
  cards?(running: RunningMachine): Promise<readonly number[]>;
  /** Stops a machine's guest behind the daemon's back, where that can be done. */
  pause?(running: RunningMachine): Promise<void>;
  dispose(): Promise<void>;
}

/** A mark of 1 to 9 on a running machine's disk, and which it is: 0 where there is none. */
export interface Marks {
  mark(running: RunningMachine, value: number): Promise<void>;
  markOf(running: RunningMachine): Promise<number>;
}

export const work = (signal: AbortSignal = AbortSignal.timeout(60_000)): Work => ({ signal, progress: () => undefined });

export function ended(machine: RunningMachine, deadlineMs = 10_000): Promise<MachineEnd> {
  return within(deadlineMs, 'the end of the machine', (resolve) => void machine.on({ ended: resolve }));
}

export function within<T>(deadlineMs: number, what: string, wait: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} did not come within ${deadlineMs} ms`)), deadlineMs);
    wait((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

export function saw(stream: Duplex, text: string, deadlineMs = 10_000): Promise<string> {
  return within(deadlineMs, JSON.stringify(text), (resolve) => {
    let seen = '';
    const look = (piece: Buffer) => {
      seen += piece.toString();
      if (!seen.includes(text)) return;
      stream.off('data', look);
      resolve(seen);
    };
    stream.on('data', look);
  });
}

/** Gone for good: a child that has ended is a zombie until it was waited for. */
export async function gone(pid: number): Promise<void> {
  await expect.poll(() => { try { return process.kill(pid, 0); } catch { return false; } }, { timeout: 5_000, interval: 10 }).toBe(false);
}

/** On the home's own network. */
export function withCards(machine: MachineSpec, slots: readonly number[]): MachineSpec {
  const cards = slots.map((slot) => ({ slot, mac: `52:54:00:00:00:0${slot}`, network: null, mode: 'auto' as const, address: `10.107.0.${slot + 1}`, seeded: false }));
  return { ...machine, spec: { ...machine.spec, cards } };
}
