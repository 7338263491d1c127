/** A home of a test's own, used from the outside: through the built command line, as a user would. */
import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { commandLine, removeHome, processesOf } from '../processes.ts';

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const HOLDFAST = join(CHECKOUT, 'bin/holdfast');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** That it is called in. */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Called with everything that is printed, as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface TestHome extends AsyncDisposable {
  readonly directory: string;
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** As run, and throws with all that was said when the command fails. */
  must(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  info(name: string): Promise<InstanceInfo>;
  daemonPid(): Promise<number | undefined>;
  qemuPid(name: string): Promise<number | undefined>;
  /** SIGKILL, and waits until it is gone. */
  killDaemon(): Promise<void>;
  /** Ends the daemon as a service manager would; machines go on. */
  endDaemon(): Promise<void>;
  /** What is left of processes that name this home. */
  processes(): Promise<string[]>;
}

/** Whoever is to use a home, and with which copy of the program: a plain user does not get into everybody's checkout. */
export interface Person {
  readonly uid: number;
  readonly program: string;
}

/** What `info --format json` says of one instance, as far as tests look. */
export interface InstanceInfo {
  readonly state: string;
  readonly ipv4: readonly string[];
  readonly hold: string;
  readonly hold_reason: string | null;
  readonly network: string;
  readonly network_reason: string | null;
  readonly reason: string | null;
  readonly accelerator: string | null;
  readonly release: string;
}

/** Under /var/tmp: the unprivileged user of each VM must be able to pass, and paths of sockets are short. */
export async function makeTestHome(options: { readonly imagesFrom?: string | undefined } = {}): Promise<TestHome> {
  const directory = await mkdtemp('/var/tmp/hf-');
  await chmod(directory, 0o711);
  if (options.imagesFrom !== undefined) {
    await mkdir(join(directory, 'images'), { recursive: true, mode: 0o711 });
    await cp(options.imagesFrom, join(directory, 'images'), { recursive: true, filter: (source) => !source.includes('/build') });
    // The daemon's first record would wait for all of it to be on the disk.
    await promisify(execFile)('sync', ['-f', directory]);
  }
  const home = openTestHome(directory);
  open.add(home);
  return home;
}

/**
 * Emulated forks with as much room for translated code as machines that booted: what is new to a guest (a boot, an upgrade of
 * its agent) takes less than half of the time. Not where forks themselves are measured.
 */
export async function giveRoom(home: TestHome): Promise<void> {
  await home.must(['set', 'local.translation-buffer=128M']);
}

/** Made here and not disposed of yet. */
const open = new Set<TestHome>();

/** For scripts that take long: Ctrl-C ends what they began, too. @param last  what the script does at its end */
export function endHomesOnInterrupt(last: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      process.stderr.write('Interrupted: ending the machines\n');
      void Promise.allSettled([...open].map((home) => home[Symbol.asyncDispose]())).then(last).finally(() => process.exit(130));
    });
  }
}

let interrupted = false;
/** What fails from then on has been ended, and says nothing of what was tried. */
export const isInterrupted = (): boolean => interrupted;

/** What was begun before it ended has nothing to go on with. */
export class HomeEnded extends Error {}

export function openTestHome(directory: string, person?: Person): TestHome {
  let isEnded = false;
  // A command starts a daemon where there is none, which would make the home anew.
  const run: TestHome['run'] = (args, runOptions = {}) => (isEnded
    ? Promise.reject(new HomeEnded(`holdfast ${args.join(' ')}: the home ${directory} has ended`))
    : runHoldfast(args, directory, runOptions, person));
  const daemonPid = async () => await livePid(join(directory, 'daemon.pid'));
  const home: TestHome = {
    directory,
    run,
    async must(args, runOptions) {
      const outcome = await run(args, runOptions);
      if (outcome.code !== 0) throw new Error(`holdfast ${args.join(' ')} ended with ${outcome.code}\n${outcome.stdout}${outcome.stderr}`);
      return outcome;
    },
    async info(name) {
      const { stdout } = await home.must(['info', name, '--format', 'json']);
      const info = (JSON.parse(stdout) as { info: Record<string, InstanceInfo> }).info[name];
      if (!info) throw new Error(`info says nothing of ${name}: ${stdout}`);
      return info;
    },
    daemonPid,
    async qemuPid(name) {
      for (const id of await readdir(join(directory, 'run')).catch(() => [])) {
        const pid = await livePid(join(directory, 'run', id, 'pid'));
        if (pid !== undefined && (await commandLine(pid)).includes(`guest=${name}`)) return pid;
      }
      return undefined;
    },
    async killDaemon() {
      const pid = await daemonPid();
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      await waitFor(`daemon ${pid} to be gone`, async () => (await commandLine(pid)) === '', 10_000);
    },
    async endDaemon() {
      const pid = await daemonPid();
      if (pid === undefined) return;
      process.kill(pid, 'SIGTERM');
      await waitFor('the daemon to end', async () => (await commandLine(pid)) === '', 20_000);
    },
    processes: () => processesOf(directory),
    async [Symbol.asyncDispose]() {
      try {
        await run(['delete', '--purge', '--all'], { timeoutMs: 120_000 });
        await run(['purge'], { timeoutMs: 60_000 });
        isEnded = true;
        await home.endDaemon();
      } finally {
        isEnded = true;
        open.delete(home);
        await removeHome(directory);
      }
    },
  };
  return home;
}

function runHoldfast(args: readonly string[], directory: string, { input, env, timeoutMs = 300_000, cwd, signal, onOutput }: RunOptions, person: Person | undefined): Promise<Outcome> {
  const startedAt = performance.now();
  const child = spawn(person?.program ?? HOLDFAST, args, {
    ...(person && { uid: person.uid, gid: person.uid, cwd: '/' }), ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...(person && { HOME: directory }), HOLDFAST_HOME: directory, HOLDFAST_OFFLINE: '1', ...env }, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
      onOutput?.(text);
    });
  }
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const interrupt = () => child.kill('SIGINT');
  signal?.addEventListener('abort', interrupt, { once: true });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`holdfast ${args.join(' ')} took over ${Math.round(timeoutMs * patience / 1000)} s\n${said.stdout}${said.stderr}`));
  }, timeoutMs * patience);
  child.once('error', reject);
  child.once('close', (code) => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
    resolve({ code: code ?? 128, ...said, seconds: (performance.now() - startedAt) / 1000 });
  });
  return promise;
}

/** Deadlines against hanging are multiplied by it: hosts that emulate guests differ fourfold. */
let patience = 1;

export function havePatience(factor: number): void {
  patience = factor;
}

/** A limit as it is on this host, in whichever unit; whole, since deadlines have to be. */
export function patiently(limit: number): number {
  return Math.ceil(limit * patience);
}

/** Looks until it holds; every 50 ms, so that what is measured is not the waiting. */
export async function waitFor(what: string, met: () => Promise<boolean>, deadlineMs: number): Promise<number> {
  const startedAt = performance.now();
  while (!(await met())) {
    if (performance.now() - startedAt > deadlineMs * patience) throw new Error(`waited ${Math.round(deadlineMs * patience / 1000)} s for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return (performance.now() - startedAt) / 1000;
}

/** For how many times as long as a look took a guest is left alone: one that is looked at without pause has no processor left to boot with. */
const REST = 3;

/** Looks until it holds, at a guest that has more to do than to answer. @returns seconds, as waitFor */
export async function waitGently(what: string, met: () => Promise<boolean>, deadlineMs: number): Promise<number> {
  return await waitFor(what, async () => {
    const from = performance.now();
    if (await met()) return true;
    await new Promise((resolve) => { setTimeout(resolve, REST * (performance.now() - from)); });
    return false;
  }, deadlineMs);
}

async function livePid(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return Number.isSafeInteger(pid) && pid > 0 && (await commandLine(pid)) !== '' ? pid : undefined;
}
