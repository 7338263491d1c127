/** A running fake machine, held by a connection to its process. */
import { once } from 'node:events';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { fail } from '../../core/errors.ts';
import { nativeMounts } from '../../core/mounts/native.ts';
import { signalProcess, waitForEnd, type ProcessIdentity } from '../../host/process/identity.ts';
import { ConsoleShare } from '../console-share.ts';
import type { ConsoleAttachment, MachineEnd, MachineEvents, MachineSpec, NativeDevice, RunningMachine } from '../driver.ts';
import { ailsOf } from './ailments.ts';
import { FakeGuest } from './guest.ts';
import { onMessages, send, type MonitorCommand, type MonitorEvent } from './protocol.ts';

export interface FakeRun extends ProcessIdentity {
  readonly startedAt: string;
  /** As a daemon saw it. */
  readonly end?: MachineEnd;
}

/** Whole or not at all: its daemon may be killed at any time. */
export function keepRun(path: string, run: FakeRun): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(run));
  renameSync(temporary, path);
}

export interface FakeMachineParts {
  readonly spec: MachineSpec;
  readonly socketPath: string;
  readonly run: FakeRun;
  /** Files that say how it ended. */
  readonly marks: { readonly poweredOff: string; readonly suspended: string };
  readonly runFile: string;
}

export class FakeMachine implements RunningMachine {
  readonly accelerator = 'fake';
  readonly notice = null;
  readonly guest: FakeGuest;
  readonly #parts: FakeMachineParts;
  readonly #socket: Socket;
  readonly #listeners = new Set<Partial<MachineEvents>>();
  readonly #console = new ConsoleShare((keys, done) => {
    send(this.#socket, { do: 'type', keys: keys.toString('utf8') } satisfies MonitorCommand);
    done();
  });
  readonly #attaching: ((before: string) => void)[] = [];
  #end: MachineEnd | undefined;
  #paused = false;
  #asked = false;
  #released = false;

  private constructor(parts: FakeMachineParts, socket: Socket) {
    this.#parts = parts;
    this.#socket = socket;
    this.guest = new FakeGuest(parts.spec, parts.socketPath, () => ailsOf(dirname(parts.runFile)));
    socket.on('error', () => undefined);
    socket.on('close', () => void this.#gone());
  }

  /** @throws what the connection failed with */
  static async attach(parts: FakeMachineParts): Promise<FakeMachine> {
    const socket = connect(parts.socketPath);
    await once(socket, 'connect');
    const machine = new FakeMachine(parts, socket);
    await new Promise<void>((resolve) => {
      onMessages(socket, (event: MonitorEvent) => {
        machine.#take(event);
        resolve();
      });
      socket.once('close', () => resolve());
      send(socket, { want: 'monitor' });
    });
    return machine;
  }

  get id(): string { return this.#parts.spec.id; }
  /** None is ever lost. */
  get natives(): NativeDevice[] {
    return nativeMounts(this.#parts.spec.spec).map(({ target }, index) => ({ target, tag: `holdfast${index}`, filesystem: 'virtiofs', lost: new AbortController().signal }));
  }
  get startedAt(): string { return this.#parts.run.startedAt; }
  get isPaused(): boolean { return this.#paused; }
  get pauseReason(): null { return null; }
  get end(): MachineEnd | undefined { return this.#end; }

  on(listener: Partial<MachineEvents>): () => void {
    if (this.#end !== undefined) listener.ended?.(this.#end);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async powerDown(): Promise<void> { this.#say('power-down'); }
  async reset(): Promise<void> { this.#say('reset'); }
  async pause(): Promise<void> { this.#say('pause'); }

  async attachConsole(beforeBytes: number): Promise<ConsoleAttachment> {
    const { promise, resolve } = Promise.withResolvers<ConsoleAttachment>();
    this.#attaching.push((before) => resolve({ before, stream: this.#console.attach() }));
    send(this.#socket, { do: 'console', maxBytes: beforeBytes } satisfies MonitorCommand);
    return await promise;
  }

  async kill(): Promise<void> {
    this.#asked = true;
    this.#say('kill');
    if (!(await waitForEnd(this.#parts.run, 2_000))) await signalProcess(this.#parts.run, 'SIGKILL');
    if (!this.#socket.closed) await once(this.#socket, 'close');
    await this.#gone();
  }

  /** Resolves when it has ended. @throws when it does not */
  async suspend(): Promise<void> {
    this.#say('suspend');
    if (!(await waitForEnd(this.#parts.run, 5_000))) throw fail('machine-failed', 'the fake machine was not suspended');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released = true;
    this.#console.end();
    this.#socket.destroy();
    await this.guest[Symbol.asyncDispose]();
  }

  #say(command: Exclude<MonitorCommand, { keys: string } | { maxBytes: number }>['do']): void {
    send(this.#socket, { do: command });
  }

  #take(event: MonitorEvent): void {
    if (event.event === 'hello') {
      this.#paused = event.paused;
      if (event.booted) this.guest.setBooted(true);
      if (event.panicked !== null) this.#finish({ kind: 'panicked', reason: event.panicked });
    } else if (event.event === 'console') this.#console.give(Buffer.from(event.text));
    else if (event.event === 'console-before') this.#attaching.shift()?.(event.text);
    else if (event.event === 'report') this.guest.report(event.report);
    else if (event.event === 'booted') this.guest.setBooted(true);
    else if (event.event === 'reset') {
      this.guest.setBooted(false);
      for (const listener of this.#listeners) listener.reset?.();
    } else if (event.event === 'paused') {
      this.#paused = true;
      for (const listener of this.#listeners) listener.paused?.(true);
    } else if (event.event === 'panicked') {
      this.#paused = true;
      this.#finish({ kind: 'panicked', reason: event.reason });
    }
  }

  async #gone(): Promise<void> {
    this.#console.end();
    if (this.#released) return;
    await waitForEnd(this.#parts.run, 5_000);
    const { poweredOff, suspended } = this.#parts.marks;
    if (existsSync(suspended)) return this.#finish({ kind: 'suspended' });
    const orderly = this.#asked || existsSync(poweredOff);
    this.#finish(orderly ? { kind: 'powered-off' } : { kind: 'died', reason: 'the fake machine was killed' });
  }

  #finish(end: MachineEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    // A machine that was removed for good has no directory to remember its end in; what was given up has no run that could have ended.
    try {
      if (existsSync(this.#parts.runFile)) keepRun(this.#parts.runFile, { ...this.#parts.run, end });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.guest.setGone('the machine ended');
    for (const listener of this.#listeners) listener.ended?.(end);
  }
}
