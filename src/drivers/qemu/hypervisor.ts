/**
 * One running QEMU process, held by its monitor and console: what happens in it, how it ends, and the means to end it.
 * The process is not ours to own: disposing lets go of it, and it runs on.
 */
import { stat } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import { boundComplaints, complaintsTail, type ExitStatus } from '../../host/process/detached.ts';
import { endBySignals, waitForEnd, type ProcessIdentity } from '../../host/process/identity.ts';
import type { ConsoleAttachment, MachineEnd, MachineEvents } from '../driver.ts';
import { ConsoleReader } from './console/console-reader.ts';
import { PanicDoubt } from './console/panic-doubt.ts';
import { DiskStall } from './disk-stall.ts';
import { classifyEnd } from './end.ts';
import { HeldMonitor } from './held-monitor.ts';
import { QemuLanes } from './lanes.ts';
import type { MachineFiles } from './layout.ts';
import type { QmpClient } from './qmp/client.ts';
import type { QmpEvent } from './qmp/messages.ts';
import { unkillable } from './unkillable.ts';

const COMPLAINTS_MAX_BYTES = 256 * 1024;
/** After the first instruction; emulated on a busy host SeaBIOS takes about half of it. */
const FIRMWARE_MS = 2_000;
const COMPLAINTS_CHECK_MS = 60_000;
const [QUIT_MS, TERM_MS] = [1_500, 1_000];

export interface HypervisorOptions {
  readonly name: string;
  /** As its monitor gives it. */
  readonly uuid: string;
  readonly files: MachineFiles;
  readonly identity: ProcessIdentity;
  readonly monitor: QmpClient;
  /** For the parent only. */
  readonly exited: Promise<ExitStatus> | undefined;
  /** A panic that an earlier daemon saw: the process still runs, the guest does not. */
  readonly panicked?: MachineEnd | undefined;
  /** Keeps how it ended for whoever asks later. */
  readonly record: (end: MachineEnd) => Promise<void>;
  readonly log: (cause: string, message: string) => void;
}

export class Hypervisor implements AsyncDisposable {
  readonly lanes: QemuLanes;
  readonly #options: HypervisorOptions;
  readonly #listeners = new Set<Partial<MachineEvents>>();
  readonly #life = Promise.withResolvers<string>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #complaintsTimer: NodeJS.Timeout;
  readonly #monitor: HeldMonitor;
  #console: ConsoleReader | undefined;
  readonly #doubt: PanicDoubt;
  #answers: () => Promise<boolean> = () => Promise.resolve(false);
  readonly #attachedAt = performance.now();
  readonly #stall: DiskStall;
  #paused = false;
  #end: MachineEnd | undefined;
  #shutdown: string | undefined;
  #asked = false;
  #told = false;
  #recorded: Promise<void> = Promise.resolve();
  #released = false;

  /** Resolves at the first sign that a guest's kernel runs, naming the sign; never when there is none. */
  readonly signOfLife: Promise<string> = this.#life.promise;
  /** Resolves when the process has ended and its end was told. */
  readonly gone: Promise<void> = this.#gone.promise;

  private constructor(options: HypervisorOptions) {
    this.#options = options;
    this.#end = options.panicked;
    this.#told = options.panicked !== undefined;
    const { name, uuid, files, identity, log } = options;
    this.#monitor = new HeldMonitor({
      name, uuid, path: files.run.monitor, identity, first: options.monitor, log,
      isEndAsked: () => this.#asked, taken: (monitor) => this.#catchUp(monitor), event: (event) => this.#take(event), ended: () => this.#ended(),
    });
    this.#stall = new DiskStall({ name, directory: files.directory, goOn: () => this.#goOnFromStall(), log });
    this.#doubt = new PanicDoubt({ name, answers: () => this.#answers(), isPaused: () => this.#paused, believe: (words) => void this.#panicked(words), log });
    this.lanes = new QemuLanes(files.run.lanes);
    this.#complaintsTimer = setInterval(() => void boundComplaints(files.complaints, COMPLAINTS_MAX_BYTES), COMPLAINTS_CHECK_MS).unref();
  }

  /** Takes over the monitor, which is the hypervisor's from then on. @throws machine-failed */
  static async attach(options: HypervisorOptions): Promise<Hypervisor> {
    const hypervisor = new Hypervisor(options);
    try {
      hypervisor.#console = await ConsoleReader.connect(options.files.run.console, options.files.consoleLog, {
        kernel: () => hypervisor.#life.resolve('its kernel wrote to the console'),
        panic: (words) => void hypervisor.#doubt.hear(words),
      });
      await hypervisor.#monitor.follow();
      return hypervisor;
    } catch (error) {
      await hypervisor[Symbol.asyncDispose]();
      throw error;
    }
  }

  get monitor(): QmpClient {
    return this.#monitor.current;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  get pauseReason(): string | null {
    return this.#stall.reason;
  }

  get end(): MachineEnd | undefined {
    return this.#end;
  }

  on(listener: Partial<MachineEvents>): () => void {
    if (this.#end !== undefined && this.#told) listener.ended?.(this.#end);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param answers  whether its guest does, by any way into it; until this is given nobody can say, and it does not */
  askGuestBy(answers: () => Promise<boolean>): void {
    this.#answers = answers;
  }

  /** @param listener  called when its monitor had been lost and is there again: what was under way then has failed */
  onRetaken(listener: () => Promise<void>): void {
    this.#monitor.onRetaken(listener);
  }

  /** @throws machine-failed when this daemon has let go of it */
  async attachConsole(beforeBytes: number): Promise<ConsoleAttachment> {
    if (this.#console === undefined || this.#released) throw fail('machine-failed', `${this.#options.name} has no console any more`);
    return await this.#console.attach(beforeBytes);
  }

  /** Ends the process: asked by the monitor, then told, then forced. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { identity, name } = this.#options;
    this.#asked = true;
    await this.monitor.execute('quit', undefined, 2_000).catch(() => undefined);
    if (!(await waitForEnd(identity, QUIT_MS)) && !(await endBySignals(identity, TERM_MS))) throw unkillable(identity, name);
    await this.gone;
  }

  /** Its state has been saved: it ends, and that is not its death. */
  async suspended(): Promise<void> {
    this.#asked = true;
    await this.#finish({ kind: 'suspended' });
    await this.kill();
  }

  /** Resets hard. Not while the firmware sets itself up: a reset that hits it then hangs it (docs/decisions/qemu-machine.md). */
  async reset(): Promise<void> {
    const age = performance.now() - this.#attachedAt;
    if (this.#options.exited !== undefined && age < FIRMWARE_MS) await new Promise((resolve) => setTimeout(resolve, FIRMWARE_MS - age));
    await this.monitor.execute('system_reset');
    // One that was paused stays paused through a reset, and would never boot.
    if (this.#paused) await this.monitor.execute('cont');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released = true;
    await this.#release();
    this.#gone.resolve();
  }

  /** What was not told while nobody listened. */
  async #catchUp(monitor: QmpClient): Promise<void> {
    for (const { label, 'frontend-open': open } of await monitor.execute('query-chardev')) this.#laneChanged(label, open);
    await this.#lookAtStatus();
  }

  async #lookAtStatus(): Promise<void> {
    const { status, running } = await this.monitor.execute('query-status');
    if (status === 'guest-panicked') return this.#panicked();
    if (status === 'internal-error') return this.#broken('the accelerator gave up on the guest (internal error)');
    if (status === 'io-error') this.#stall.begin();
    this.#setPaused(!running);
  }

  #take({ name, data }: QmpEvent): void {
    switch (name) {
      case 'VSERPORT_CHANGE': return this.#laneChanged(data['id'], data['open'] === true);
      case 'STOP': return void this.#lookAtStatus().catch(() => undefined);
      case 'RESUME': return this.#setPaused(false);
      case 'RESET':
        this.#doubt.clear();
        for (const listener of this.#listeners) listener.reset?.();
        return;
      case 'GUEST_PANICKED': return void this.#panicked();
      case 'SHUTDOWN':
        this.#shutdown = typeof data['reason'] === 'string' ? data['reason'] : 'it did not say why';
        return;
      default:
    }
  }

  #laneChanged(id: unknown, open: boolean): void {
    this.lanes.update(id, open);
    if (open && typeof id === 'string' && id.startsWith('lane-')) this.#life.resolve('it opened a lane');
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    for (const listener of this.#listeners) listener.paused?.(paused);
  }

  /** Only from where it stalled: one that was saved meanwhile must not run beside what is saved. */
  async #goOnFromStall(): Promise<void> {
    const { status } = await this.monitor.execute('query-status');
    if (status === 'io-error') await this.monitor.execute('cont');
  }

  /** By pvpanic at once, or by the console's words once they are believed; both leave the machine paused. */
  async #panicked(reason = this.#doubt.words ?? 'the guest\'s kernel panicked'): Promise<void> {
    if (this.#end !== undefined) return;
    const told = this.#finish({ kind: 'panicked', reason });
    await this.monitor.execute('stop').catch(() => undefined);
    this.#setPaused(true);
    await told;
  }

  async #broken(reason: string): Promise<void> {
    if (this.#end !== undefined) return;
    await this.#finish({ kind: 'died', reason });
    await this.kill();
  }

  async #ended(): Promise<void> {
    const { files, exited } = this.#options;
    const exit = await Promise.race([exited, new Promise<undefined>((resolve) => setTimeout(resolve, 500, undefined))]);
    await this.#finish(classifyEnd({
      asked: this.#asked, shutdown: this.#shutdown, exit, complaints: await complaintsTail(files.complaints),
      pidFileLeft: await stat(files.run.pid).then(() => true, () => false), watched: true, hostRestarted: false,
    }));
    await this.#release();
    this.#gone.resolve();
  }

  /** Recorded before it is told: who is told may start the machine anew at once. */
  async #finish(end: MachineEnd): Promise<void> {
    if (this.#end !== undefined) return this.#recorded;
    this.#end = end;
    this.#doubt.clear();
    this.#recorded = this.#options.record(end).catch((error: unknown) =>
      this.#options.log('machine-state', `how ${this.#options.name} ended could not be recorded: ${String(error)}`));
    await this.#recorded;
    this.#told = true;
    for (const listener of this.#listeners) listener.ended?.(end);
  }

  async #release(): Promise<void> {
    this.#doubt[Symbol.dispose]();
    this.#stall[Symbol.dispose]();
    clearInterval(this.#complaintsTimer);
    this.lanes.closeAll();
    await this.#monitor[Symbol.asyncDispose]();
    await this.#console?.[Symbol.asyncDispose]();
  }
}
