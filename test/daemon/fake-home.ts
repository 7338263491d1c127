/** A home served by a daemon with fake machines, which a test may kill and start again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openExec } from '../../src/client/exec-socket.ts';
import { createClient, type Client } from '../../src/client/client.ts';
import { removeHome, processesOf } from '../processes.ts';

const FAKE_MAIN = fileURLToPath(new URL('fake-main.ts', import.meta.url));
const DEADLINE_MS = 20_000;

export interface FakeHome extends AsyncDisposable {
  readonly directory: string;
  readonly client: Client;
  /** Digest of an image that machines can be launched from. */
  readonly image: string;
  /** @param dieAt  `launch:create`: the daemon kills itself there  @param online  it may ask the remotes, which the test has given addresses */
  start(dieAt?: string, online?: boolean): Promise<void>;
  /** Of the daemon. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when the daemon has ended by itself. */
  died(): Promise<void>;
  kill(): Promise<void>;
  /** Names below instances/ and run/ that belong to a machine. */
  traces(): Promise<string[]>;
  processes(): Promise<string[]>;
}

export async function makeFakeHome(): Promise<FakeHome> {
  const directory = await mkdtemp('/var/tmp/hf-fake-');
  const client = createClient(join(directory, 'run/holdfastd.sock'), () => Promise.reject(new Error('the test starts daemons itself')));
  let daemon: ChildProcess | undefined;
  let image = '';
  const home: FakeHome = {
    directory,
    client,
    get image() { return image; },
    async start(dieAt, online = false) {
      const { HOLDFAST_DIE_AT: _, ...env } = process.env;
      daemon = spawn(process.execPath, [FAKE_MAIN], {
        env: { ...env, HOLDFAST_HOME: directory, HOLDFAST_OFFLINE: online ? '' : '1', ...(dieAt === undefined ? {} : { HOLDFAST_DIE_AT: dieAt }) }, stdio: ['ignore', 'inherit', 'inherit'],
      });
      const ended = once(daemon, 'exit').then(() => { throw new Error('the daemon ended while it was starting'); });
      ended.catch(() => {});
      await Promise.race([untilServed(client), ended]);
      image ||= (await client.upload('tiny.raw', Readable.from([tinyDisk()]), TINY_BYTES)).digest;
    },
    signal: (name) => void daemon?.kill(name),
    async died() {
      if (daemon && daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
    },
    async kill() {
      daemon?.kill('SIGKILL');
      await home.died();
    },
    async traces() {
      const names = await Promise.all(['instances', 'run'].map((each) => readdir(join(directory, each)).catch(() => [] as string[])));
      return names.flat().filter((name) => /^[0-9a-f]{8}$/.test(name));
    },
    processes: () => processesOf(directory),
    async [Symbol.asyncDispose]() {
      try {
        for (const { name } of (await client.call('listInstances', {})).instances) {
          const { id } = await client.call('act', { params: { name }, body: { action: 'delete', purge: true } });
          await client.follow(id, () => {});
        }
        daemon?.kill('SIGTERM');
        await home.died();
      } finally {
        await removeHome(directory);
      }
    },
  };
  return home;
}

/** Runs a command in a guest. @returns what it said  @throws when its exit code is not 0 */
export async function inGuest({ client }: FakeHome, name: string, command: readonly string[], stdin = '', where: { readonly cwd?: string; readonly from?: string } = {}): Promise<string> {
  let said = '';
  const begun = Promise.withResolvers<void>();
  const session = await openExec(client.socket, name, { type: 'request', command: [...command], ...where }, {
    output: (_kind, bytes) => { said += Buffer.from(bytes).toString(); return true; }, started: () => begun.resolve(), progress: () => {},
  });
  await Promise.race([begun.promise, session.outcome]);
  if (stdin !== '') await session.stdin(Buffer.from(stdin));
  session.control({ type: 'eof' });
  const outcome = await session.outcome;
  if (!('code' in outcome) || outcome.code !== 0) throw new Error(`${command.join(' ')} ended with ${JSON.stringify(outcome)}: ${said}`);
  return said;
}

const TINY_BYTES = 1024 * 1024;

/** The least that passes for a raw disk: a master boot record with one Linux partition, from sector 1, of 2047 sectors. */
export function tinyDisk(): Buffer {
  const disk = Buffer.alloc(TINY_BYTES);
  disk[446 + 4] = 0x83;
  disk.writeUInt32LE(1, 446 + 8);
  disk.writeUInt32LE(2047, 446 + 12);
  disk.set([0x55, 0xaa], 510);
  return disk;
}

async function untilServed(client: Client): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      await client.call('version', {});
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }
}
