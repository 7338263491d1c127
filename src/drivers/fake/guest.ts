/** Access to a fake guest: held as soon as it has booted, unless the test has silenced it. */
import { randomUUID } from 'node:crypto';
import { fail } from '../../core/errors.ts';
import type { Hold } from '../../core/instance.ts';
import type { GuestAccess, Limits, Reached, Use, UserSsh } from '../../guest/access.ts';
import type { NetplanReport, NetworkReport, Report, SystemReport } from '../../guest/report.ts';
import type { MachineSpec } from '../driver.ts';
import { fakeShell } from './shell.ts';
import { fakeSsh } from './ssh.ts';

export const FAKE_USER = 'ubuntu';
const BOOTING: Hold = { level: 'none', reason: 'waiting for the guest' };

export class FakeGuest implements GuestAccess {
  readonly user = FAKE_USER;
  readonly #spec: MachineSpec;
  readonly #socketPath: string;
  readonly #ails: () => readonly string[];
  readonly #gone = Promise.withResolvers<string>();
  readonly #holdListeners = new Set<(hold: Hold) => void>();
  readonly #reportListeners = new Set<(report: Report) => void>();
  #hold: Hold = BOOTING;
  reports: { network: NetworkReport | undefined; system: SystemReport | undefined; netplan: NetplanReport | undefined } = { network: undefined, system: undefined, netplan: undefined };

  /** @param ails  what it has now, as in ailments.ts */
  constructor(spec: MachineSpec, socketPath: string, ails: () => readonly string[]) {
    this.#ails = ails;
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
    this.report(systemReport(this.#spec));
  }

  /** As its reporter says. */
  report(report: Report): void {
    this.reports = { ...this.reports, [report.type]: report };
    for (const listener of this.#reportListeners) listener(report);
  }

  setGone(reason: string): void {
    this.#gone.resolve(reason);
    this.#set({ level: 'none', reason: null });
  }

  async reach(use: Use, { deadlineMs, signal }: Limits): Promise<Reached> {
    const shell = fakeShell(this.#socketPath, use === 'control' ? 'root' : FAKE_USER, this.#gone.promise);
    const timeout = AbortSignal.timeout(deadlineMs);
    try {
      await Promise.race([this.#booted(), aborted(AbortSignal.any([signal, timeout]))]);
      await using probe = await shell.exec({ command: ['true'] }, signal);
      await Promise.race([probe.exit, this.#gone.promise.then((reason) => Promise.reject(new Error(reason))), aborted(AbortSignal.any([signal, timeout]))]);
      if (this.#ails().includes(`${use} lane`)) return { shell, rung: 'address', passedOver: [`its ${use} lane: it does not answer`] };
      return { shell, rung: 'lane', passedOver: [] };
    } catch (error) {
      if (signal.aborted) throw fail('cancelled', `reaching ${this.#spec.name} was cancelled`, { cause: error });
      const reason = `its lane has not answered for ${deadlineMs / 1000} s`;
      if (timeout.aborted) this.#set({ level: 'lost', reason });
      throw fail('guest-unreachable', `${this.#spec.name}: ${timeout.aborted ? reason : String(error)}`, { cause: error });
    }
  }

  async openSsh(limits: Limits): Promise<UserSsh> {
    await this.reach('bulk', limits);
    return { stream: await fakeSsh(this.#socketPath), rung: 'lane', passedOver: [] };
  }

  onHold(listener: (hold: Hold) => void): () => void {
    this.#holdListeners.add(listener);
    return () => this.#holdListeners.delete(listener);
  }

  /** Its one lane is open while it is booted. */
  onControl(listener: (open: boolean) => void): () => void {
    return this.onHold((hold) => listener(hold.level === 'held'));
  }

  onReport(listener: (report: Report) => void): () => void {
    this.#reportListeners.add(listener);
    return () => this.#reportListeners.delete(listener);
  }

  wake(): void { /* nothing backs off here */ }

  async setClock(): Promise<void> { /* its clock is the host's */ }

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

/** In a user's cloud-init data: what it says of it in the end. */
const VERDICT = /^# cloud-init ends with (error|degraded): (.*)$/m;

function verdict(userData: Uint8Array | undefined): SystemReport['cloudInit'] {
  const [, status, detail = ''] = VERDICT.exec(Buffer.from(userData ?? []).toString()) ?? [];
  return status === 'error' || status === 'degraded' ? { status, detail } : { status: 'done', detail: '' };
}

function systemReport({ id, name, spec, userData }: MachineSpec): SystemReport {
  return {
    type: 'system', hostname: name, os: { id: 'fake', version: '1', pretty: 'Fake Linux 1' }, kernel: '0.0.0-fake', cpuCount: spec.cpus, load: [0, 0, 0],
    memory: { usedBytes: Math.floor(spec.memoryBytes / 10), totalBytes: spec.memoryBytes },
    disks: [{ name: 'sda1', usedBytes: Math.floor(spec.diskBytes / 10), totalBytes: spec.diskBytes }],
    uptimeS: 1, bootId: randomUUID(), machineId: id.repeat(4), cloudInit: verdict(userData), agentVersion: 'fake',
  };
}
