/** A driver without a hypervisor: a small process stands for each machine, so that what survives a daemon can be tested. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdir, readdir, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import { exists } from '../../host/exists.ts';
import { ensureInstanceKeys } from '../../host/keys.ts';
import { startDetached } from '../../host/process/detached.ts';
import { isHeldBySignal, isSameProcess, signalProcess, waitForEnd } from '../../host/process/identity.ts';
import { nameBeforeRemoval, removeDirectory } from '../../host/remove-directory.ts';
import { writeWhole } from '../../host/write-whole.ts';
import type { Driver, DriverAbilities, MachineEnd, MachineSpec, Origin, RunningMachine, SshKeys, Work } from '../driver.ts';
import { FAKE_USER } from './guest.ts';
import { offered } from '../../core/subnets.ts';
import { ailsOf, type FakeCard } from './ailments.ts';
import { fakeExaminer } from './examine.ts';
import { FakeMachine, keepRun, type FakeRun } from './machine.ts';
import { FakeLayers } from './layers.ts';
import { NICS, type FakeNic } from './network.ts';
import { send } from './protocol.ts';
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
  readonly abilities: DriverAbilities = { hotPlug: true, snapshot: true };
  readonly #options: FakeDriverOptions;
  readonly templates: FakeTemplates | undefined;
  readonly layers: FakeLayers;
  readonly examine = fakeExaminer({
    version: () => this.version(),
    ails: ({ id }) => ailsOf(this.#paths(id).directory),
    runs: async ({ id }) => {
      const run = await this.#run(id);
      if (run === undefined || !(await isSameProcess(run))) return undefined;
      return { isHeldBySignal: await isHeldBySignal(run), goOn: async () => void await signalProcess(run, 'SIGCONT') };
    },
  });

  constructor(options: FakeDriverOptions) {
    this.#options = options;
    this.layers = new FakeLayers(join(options.instancesDir, '../layers'), (id) => this.#paths(id).directory);
    this.templates = options.templatesDir === undefined ? undefined : new FakeTemplates(options.templatesDir, () => this.version());
  }

  version(): Promise<string> {
    return Promise.resolve('1');
  }

  async create({ id, name }: MachineSpec, { signal }: Work, { template, layer }: Origin = {}): Promise<void> {
    if (signal.aborted) throw fail('cancelled', `creating ${name} was cancelled`, { cause: signal.reason });
    if (template !== undefined) await this.templates?.require(template);
    await mkdir(this.#paths(id).directory, { recursive: true });
    if (layer !== undefined) await this.layers.put(layer, id);
  }

  async modify(_machine: MachineSpec, _work: Work): Promise<void> { /* everything comes with the next start */ }

  async checkNative(): Promise<void> { /* all that is asked of one elsewhere */ }

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
    const { guest, gateway } = offered(machine.spec);
    await writeWhole(join(paths.directory, 'card.json'), JSON.stringify({ mac: machine.spec.mac, address: guest, gateway } satisfies FakeCard));
    await this.#keepNics(machine);
    await rm(paths.socket, { force: true });
    const listening = new AbortController();
    // Watched before it is started, so that the socket cannot appear unseen.
    const appeared = appearance(paths.runDirectory, 'ctl', AbortSignal.any([listening.signal, AbortSignal.timeout(60_000)]));
    try {
      const { identity, exited } = await startDetached({
        tool: process.execPath, package: 'nodejs', complaintsPath: join(paths.directory, 'fake.log'),
        args: [this.#options.machineProcess, paths.directory, paths.socket, machine.id, machine.name],
      });
      const run: FakeRun = { ...identity, startedAt: new Date().toISOString() };
      keepRun(paths.run, run);
      await this.#keepPlugged(machine.id, (machine.spec.cards ?? []).map(({ slot }) => slot));
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

  async plug(machine: MachineSpec, slot: number): Promise<void> {
    if (!(machine.spec.cards ?? []).some((card) => card.slot === slot)) throw fail('machine-failed', `${machine.name} has no card ${slot}`);
    await this.#keepPlugged(machine.id, [...new Set([...await this.#requirePlugged(machine), slot])]);
    await this.#replug(machine);
  }

  async unplug(machine: MachineSpec, slot: number): Promise<void> {
    await this.#keepPlugged(machine.id, (await this.#requirePlugged(machine)).filter((each) => each !== slot));
    await this.#replug({ ...machine, spec: { ...machine.spec, cards: (machine.spec.cards ?? []).filter((card) => card.slot !== slot) } });
  }

  /** The guest notices. */
  async #replug(machine: MachineSpec): Promise<void> {
    await this.#keepNics(machine);
    const socket = connect(this.#paths(machine.id).socket);
    socket.on('error', () => undefined);
    send(socket, { want: 'plugged' });
    if (!socket.closed) await once(socket, 'close');
  }

  async #keepNics({ id, spec }: MachineSpec): Promise<void> {
    const { guest, gateway } = offered(spec);
    const nics: FakeNic[] = [
      { slot: 0, mac: spec.mac, lease: guest, gateway, seeded: true },
      // On the home's network, as the default one may be.
      ...(spec.cards ?? []).map(({ slot, mac, address, seeded }) => ({ slot, mac, lease: address, gateway: address === null ? null : offered({ ...spec, network: { kind: 'bridge', address } }).gateway, seeded })),
    ];
    // Its process may read it at any time.
    await writeWhole(join(this.#paths(id).directory, NICS), JSON.stringify(nics));
  }

  async #requirePlugged({ id, name }: MachineSpec): Promise<number[]> {
    const run = await this.#run(id);
    if (run === undefined || !(await isSameProcess(run))) throw fail('machine-failed', `${name} does not run`);
    return JSON.parse(await readFile(this.#paths(id).cards, 'utf8')) as number[];
  }

  async #keepPlugged(id: string, slots: readonly number[]): Promise<void> {
    await writeWhole(this.#paths(id).cards, JSON.stringify(slots.toSorted((a, b) => a - b)));
  }

  async freeze({ id }: MachineSpec, layer: string): Promise<void> {
    await this.layers.take(layer, id);
  }

  async freezeLive(machine: MachineSpec, layer: string): Promise<void> {
    const running = await this.adopt(machine);
    if (running === undefined || !('id' in running)) throw fail('machine-failed', `${machine.name} does not run`);
    await using _held = running;
    await this.layers.take(layer, machine.id, true);
  }

  async revert({ id }: MachineSpec, layer: string): Promise<{ suspended: boolean }> {
    await this.discard(id);
    const suspended = await this.layers.put(layer, id);
    if (suspended) await writeFile(this.#paths(id).marks.suspended, '');
    return { suspended };
  }

  async sweepLayers(kept: ReadonlySet<string>): Promise<void> {
    await this.layers.sweep(kept);
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

  async sshKeys(id: string): Promise<SshKeys> {
    const { proxy, laneHost } = await ensureInstanceKeys(join(this.#paths(id).directory, 'keys'));
    return { user: FAKE_USER, privateKey: proxy.privateKey, hostPublic: laneHost.publicKey };
  }

  async consoleTail(id: string, maxBytes: number): Promise<string> {
    return (await readFile(join(this.#paths(id).directory, 'console.log'), 'utf8').catch(() => '')).slice(-maxBytes);
  }

  #paths(id: string) {
    const directory = join(this.#options.instancesDir, id);
    const runDirectory = join(this.#options.runDir, id);
    return { directory, runDirectory, run: join(directory, 'fake.json'), cards: join(directory, 'cards.json'), marks: { poweredOff: join(directory, 'powered-off'), suspended: join(directory, 'suspended') }, socket: join(runDirectory, 'ctl') };
  }

  async #run(id: string): Promise<FakeRun | undefined> {
    const text = await readFile(this.#paths(id).run, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text) as FakeRun;
  }
}

async function appearance(directory: string, name: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const { filename } of watch(directory, { signal })) if (filename === name) return;
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
