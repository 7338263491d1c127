/** Access to a fake guest: held as soon as it has booted, unless the test has silenced it. */
import { randomUUID } from 'node:crypto';
import { fail } from '../../core/errors.ts';
import type { Hold } from '../../core/instance.ts';
import type { GuestAccess, Reached, Use } from '../../guest/access.ts';
import type { NetworkReport, Report, SystemReport } from '../../guest/report.ts';
import type { MachineSpec } from '../driver.ts';
import { userSubnet } from '../../core/subnets.ts';
import { fakeShell } from './shell.ts';

const BOOTING: Hold = { level: 'lost', reason: 'it has not answered yet' };

export class FakeGuest implements GuestAccess {
  readonly #spec: MachineSpec;
  readonly #socketPath: string;
  readonly #gone = Promise.withResolvers<string>();
  readonly #holdListeners = new Set<(hold: Hold) => void>();
  readonly #reportListeners = new Set<(report: Report) => void>();
  #hold: Hold = BOOTING;
  reports: { network: NetworkReport | undefined; system: SystemReport | undefined } = { network: undefined, system: undefined };

  constructor(spec: MachineSpec, socketPath: string) {
    this.#spec = spec;
    this.#socketPath = socketPath;
  }

  get hold(): Hold {
    return this.#hold;
  }

  /** As told by the machine: it is up, or (again) not. */
  setBooted(booted: boolean): void {
    this.#set(booted ? { level: 'held', reason: null } : BOOTING);
    if (!booted) return;
    this.reports = { network: networkReport(this.#spec), system: systemReport(this.#spec) };
    for (const listener of this.#reportListeners) for (const report of Object.values(this.reports)) if (report) listener(report);
  }

  setGone(reason: string): void {
    this.#gone.resolve(reason);
    this.#set({ level: 'none', reason: null });
  }

  async reach(use: Use, { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }): Promise<Reached> {
    const shell = fakeShell(this.#socketPath, use === 'control' ? 'root' : 'ubuntu', this.#gone.promise);
    const timeout = AbortSignal.timeout(deadlineMs);
    try {
      await Promise.race([this.#booted(), aborted(AbortSignal.any([signal, timeout]))]);
      await using probe = await shell.exec({ command: ['true'] }, signal);
      await Promise.race([probe.exit, this.#gone.promise.then((reason) => Promise.reject(new Error(reason))), aborted(AbortSignal.any([signal, timeout]))]);
      return { shell, rung: 'lane', passedOver: [] };
    } catch (error) {
      if (signal.aborted) throw fail('cancelled', `reaching ${this.#spec.name} was cancelled`, { cause: error });
      const reason = `its lane has not answered for ${deadlineMs / 1000} s`;
      if (timeout.aborted) this.#set({ level: 'lost', reason });
      throw fail('guest-unreachable', `${this.#spec.name}: ${timeout.aborted ? reason : String(error)}`, { cause: error });
    }
  }

  onHold(listener: (hold: Hold) => void): () => void {
    this.#holdListeners.add(listener);
    return () => this.#holdListeners.delete(listener);
  }

  onReport(listener: (report: Report) => void): () => void {
    this.#reportListeners.add(listener);
    return () => this.#reportListeners.delete(listener);
  }

  wake(): void { /* nothing backs off here */ }

  expectEnd(): void { /* losing it is no news here anyway */ }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone.resolve('let go');
  }

  #booted(): Promise<void> {
    if (this.#hold !== BOOTING) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.onHold((hold) => {
        if (hold === BOOTING) return;
        stop();
        resolve();
      });
    });
  }

  #set(hold: Hold): void {
    if (hold.level === this.#hold.level && hold.reason === this.#hold.reason) return;
    this.#hold = hold;
    for (const listener of this.#holdListeners) listener(hold);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function networkReport({ spec }: MachineSpec): NetworkReport {
  const { guest, gateway } = userSubnet(spec.subnetIndex);
  return {
    type: 'network',
    links: [{ name: 'enp1s0', mac: spec.mac, up: true, carrier: true, driver: 'fake', addresses: [{ address: guest, prefix: 24, family: 4, scope: 'global', dynamic: true }] }],
    defaultRoutes: [{ family: 4, via: gateway, link: 'enp1s0', metric: 100 }],
  };
}

function systemReport({ id, name, spec }: MachineSpec): SystemReport {
  return {
    type: 'system', hostname: name, os: { id: 'fake', version: '1', pretty: 'Fake Linux 1' }, kernel: '0.0.0-fake', cpuCount: spec.cpus, load: [0, 0, 0],
    memory: { usedBytes: Math.floor(spec.memoryBytes / 10), totalBytes: spec.memoryBytes },
    disks: [{ name: 'sda1', usedBytes: Math.floor(spec.diskBytes / 10), totalBytes: spec.diskBytes }],
    uptimeS: 1, bootId: randomUUID(), machineId: id.repeat(4), cloudInit: { status: 'done', detail: '' }, agentVersion: 'fake',
  };
}
