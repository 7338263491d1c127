/** A driver without a hypervisor: a small process stands for each machine, so that what survives a daemon can be tested. */
import { mkdir, readdir, readFile, rm, stat, watch } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import { startDetached } from '../../host/process/detached.ts';
import { isSameProcess, signalProcess, waitForEnd } from '../../host/process/identity.ts';
import { nameBeforeRemoval, removeDirectory } from '../../host/remove-directory.ts';
import type { Driver, DriverAbilities, MachineEnd, MachineSpec, RunningMachine, Work } from '../driver.ts';
import { FakeMachine, keepRun, type FakeRun } from './machine.ts';
import { FakeTemplates } from './templates.ts';

export interface FakeDriverOptions {
  readonly instancesDir: string;
  readonly runDir: string;
  /** The machine's program: machine-process.ts, or its bundle. */
  readonly machineProcess: string;
  /** None: it cannot fork. */
  readonly templatesDir?: string | undefined;
}

export class FakeDriver implements Driver {
  readonly name = 'fake';
  readonly abilities: DriverAbilities = { fork: true, suspend: true, hotPlug: false, snapshot: false, console: true, sharedMemory: false };
  readonly #options: FakeDriverOptions;
  readonly templates: FakeTemplates | undefined;

  constructor(options: FakeDriverOptions) {
    this.#options = options;
    this.templates = options.templatesDir === undefined ? undefined : new FakeTemplates(options.templatesDir, () => this.version());
  }

  version(): Promise<string> {
    return Promise.resolve('1');
  }

  async create({ id, name }: MachineSpec, { signal }: Work, template?: string): Promise<void> {
    if (signal.aborted) throw fail('cancelled', `creating ${name} was cancelled`, { cause: signal.reason });
    if (template !== undefined) await this.templates?.require(template);
    await mkdir(this.#paths(id).directory, { recursive: true });
  }

  async modify(_machine: MachineSpec, _work: Work): Promise<void> { /* everything comes with the next start */ }

  async start(machine: MachineSpec, { signal }: Work): Promise<RunningMachine> {
    const paths = this.#paths(machine.id);
    if (signal.aborted) throw fail('cancelled', `starting ${machine.name} was cancelled`, { cause: signal.reason });
    if (!(await exists(paths.directory))) throw fail('machine-failed', `${machine.name} has no machine to start`);
    const running = await this.adopt(machine);
    if (running !== undefined && 'id' in running) {
      if (running.end === undefined) return running;
      await running.kill();
    }
    await mkdir(paths.runDirectory, { recursive: true });
    await rm(paths.socket, { force: true });
    const listening = new AbortController();
    // Watched before it is started, so that the socket cannot appear unseen.
    const appeared = appearance(paths.runDirectory, 'ctl', AbortSignal.any([listening.signal, AbortSignal.timeout(10_000)]));
    try {
      const { identity, exited } = await startDetached({
        tool: process.execPath, package: 'nodejs', complaintsPath: join(paths.directory, 'fake.log'),
        args: [this.#options.machineProcess, paths.directory, paths.socket, machine.id, machine.name],
      });
      const run: FakeRun = { ...identity, startedAt: new Date().toISOString() };
      keepRun(paths.run, run);
      const died = exited.then(() => Promise.reject(fail('machine-failed', `the fake machine of ${machine.name} ended at once`)));
      died.catch(() => undefined);
      await Promise.race([appeared, died]);
      return await FakeMachine.attach({ spec: machine, socketPath: paths.socket, run, marks: paths.marks, runFile: paths.run });
    } finally {
      listening.abort();
    }
  }

  async adopt(machine: MachineSpec): Promise<FakeMachine | { readonly end: MachineEnd } | undefined> {
    const paths = this.#paths(machine.id);
    const run = await this.#run(machine.id);
    if (run === undefined) return undefined;
    if (await isSameProcess(run)) return FakeMachine.attach({ spec: machine, socketPath: paths.socket, run, marks: paths.marks, runFile: paths.run });
    if (await exists(paths.marks.suspended)) return { end: { kind: 'suspended' } };
    if (run.end !== undefined) return { end: run.end };
    return { end: await exists(paths.marks.poweredOff) ? { kind: 'powered-off' } : { kind: 'died', reason: 'the fake machine was killed while no daemon was watching' } };
  }

  async suspend(machine: MachineSpec): Promise<void> {
    const running = await this.adopt(machine);
    if (running === undefined || !('suspend' in running)) throw fail('machine-failed', `${machine.name} does not run`);
    await using held = running;
    await held.suspend();
  }

  async discard(id: string): Promise<void> {
    const { marks, run } = this.#paths(id);
    if (!(await exists(marks.suspended))) return;
    await rm(run, { force: true });
    await rm(marks.suspended);
  }

  async end(id: string): Promise<void> {
    const run = await this.#run(id);
    if (run !== undefined && await signalProcess(run, 'SIGKILL')) await waitForEnd(run, 5_000);
  }

  async remove(id: string): Promise<void> {
    await this.end(id);
    const { directory, runDirectory } = this.#paths(id);
    await removeDirectory(runDirectory);
    await removeDirectory(directory);
  }

  async traces(): Promise<readonly string[]> {
    const { instancesDir, runDir } = this.#options;
    const names = await Promise.all([instancesDir, runDir].map((directory) => readdir(directory).catch(() => [] as string[])));
    return [...new Set(names.flat().map(nameBeforeRemoval))].filter((name) => /^[0-9a-f]{8}$/.test(name)).toSorted();
  }

  async consoleTail(id: string, maxBytes: number): Promise<string> {
    return (await readFile(join(this.#paths(id).directory, 'console.log'), 'utf8').catch(() => '')).slice(-maxBytes);
  }

  #paths(id: string) {
    const directory = join(this.#options.instancesDir, id);
    const runDirectory = join(this.#options.runDir, id);
    return { directory, runDirectory, run: join(directory, 'fake.json'), marks: { poweredOff: join(directory, 'powered-off'), suspended: join(directory, 'suspended') }, socket: join(runDirectory, 'ctl') };
  }

  async #run(id: string): Promise<FakeRun | undefined> {
    const text = await readFile(this.#paths(id).run, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text) as FakeRun;
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

async function appearance(directory: string, name: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const { filename } of watch(directory, { signal })) if (filename === name) return;
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
