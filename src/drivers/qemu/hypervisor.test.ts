import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processStartTime } from '../../host/process/identity.ts';
import type { MachineEnd } from '../driver.ts';
import { Hypervisor } from './hypervisor.ts';
import type { MachineFiles } from './layout.ts';
import { QmpClient } from './qmp/client.ts';

const WORDS = 'Kernel panic - not syncing: sysrq triggered crash';
const RETURNS: Record<string, unknown> = { 'query-chardev': [], 'query-status': { status: 'running', running: true } };

let stack: AsyncDisposableStack;
let hypervisor: Hypervisor;
/** Of QEMU's. */
let [monitor, console]: Socket[] = [];
let commands: string[];
let ends: MachineEnd[];
let logged: string[];
let consoleLog: string;

async function listening(path: string, serve: (socket: Socket) => void): Promise<void> {
  const server = createServer(serve).listen(path);
  await once(server, 'listening');
  stack.defer(() => void server.close());
}

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  [commands, ends, logged] = [[], [], []];
  const directory = await mkdtemp(join(tmpdir(), 'hf-qemu-'));
  stack.defer(() => rm(directory, { recursive: true }));
  consoleLog = join(directory, 'log');
  const run = { monitor: join(directory, 'm'), console: join(directory, 'c'), pid: join(directory, 'pid'), lanes: {} };
  await listening(run.console, (socket) => { console = socket.on('error', () => {}); });
  await listening(run.monitor, (socket) => {
    monitor = socket.on('error', () => {});
    socket.write('{"QMP":{}}\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        const { execute, id } = JSON.parse(line) as { execute: string; id: string };
        commands.push(execute);
        socket.write(`${JSON.stringify({ return: RETURNS[execute] ?? {}, id })}\n`);
      }
    });
  });
  const child: ChildProcess = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  stack.defer(() => void child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  hypervisor = await Hypervisor.attach({
    name: 'apollo', uuid: 'ours', files: { run, directory, consoleLog, complaints: join(directory, 'complaints') } as unknown as MachineFiles,
    identity: { pid, startTime: await processStartTime(pid) ?? '' }, monitor: await QmpClient.connect(run.monitor, 5_000), exited: undefined,
    record: () => Promise.resolve(), log: (_cause, message) => void logged.push(message),
  });
  stack.use(hypervisor);
  hypervisor.on({ ended: (end) => void ends.push(end) });
});
afterEach(async () => { await stack.disposeAsync(); });

test('the words of a panic that somebody reads out at the console stop no guest that answers', async () => {
  hypervisor.askGuestBy(() => Promise.resolve(true));
  console?.write(`[   12.345678] ${WORDS}\r\n`);
  await expect.poll(() => logged, { timeout: 10_000 }).toEqual([expect.stringContaining('but it answers')]);
  expect([ends, commands.includes('stop')]).toEqual([[], false]);
});

test('of one that does not answer they are told, and it is stopped', async () => {
  console?.write(`[   12.345678] ${WORDS}\r\n`);
  await expect.poll(() => ends, { timeout: 10_000 }).toEqual([{ kind: 'panicked', reason: WORDS }]);
  await expect.poll(() => commands).toContain('stop');
});

test('the machine\'s own word of a panic is believed at once, and the console\'s tells why', async () => {
  hypervisor.askGuestBy(() => new Promise(() => {}));
  console?.write(`[   12.345678] ${WORDS}\r\n`);
  await expect.poll(() => readFile(consoleLog, 'utf8').catch(() => '')).toContain(WORDS);
  monitor?.write('{"event":"GUEST_PANICKED","data":{"action":"pause"}}\n');
  await expect.poll(() => ends, { timeout: 10_000 }).toEqual([{ kind: 'panicked', reason: WORDS }]);
});
