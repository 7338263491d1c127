/**
 * One fake machine: a process that serves its monitor and its guest's commands on a socket, until it is powered off
 * or killed. Started by the fake driver as: node machine-process.ts <directory> <socket> <id> <name>
 */
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runProgram } from './commands.ts';
import { FakeNetwork } from './network.ts';
import { onMessages, send, type Echo, type ExecInput, type Faults, type MonitorCommand, type MonitorEvent, type Request } from './protocol.ts';

const [directory = '', socketPath = '', id = '', name = ''] = process.argv.slice(2);
const monitors = new Set<Socket>();
let booted = false;
let paused = false;
let panicked: string | null = null;

function faults(): Faults {
  try {
    return JSON.parse(readFileSync(join(directory, 'faults.json'), 'utf8')) as Faults;
  } catch {
    return {};
  }
}

function tell(event: MonitorEvent): void {
  for (const monitor of monitors) send(monitor, event);
}

const network = new FakeNetwork(directory, (report) => { if (booted) tell({ event: 'report', report }); });

function tellNetwork(): void {
  for (const report of network.reports()) tell({ event: 'report', report });
}

const consoleLog = join(directory, 'console.log');

function print(text: string): void {
  appendFileSync(consoleLog, text);
  tell({ event: 'console', text });
}

/** As a getty: what is typed is echoed, and a whole line is answered by the prompt. */
function type(keys: string): void {
  print(keys.replaceAll(/\r\n?|\n/g, `\r\n${name} login: `));
}

function boot(): void {
  booted = false;
  print(`[    0.000000] Linux version fake\n${name} login: \n`);
  network.boot();
  setTimeout(() => {
    booted = true;
    tell({ event: 'booted' });
    tellNetwork();
  }, faults().bootMs ?? 20);
}

/** The marker says that it was no death; a machine that is killed leaves none. */
function powerOff(): void {
  writeFileSync(join(directory, 'powered-off'), '');
  tell({ event: 'powered-off' });
  rmSync(socketPath, { force: true });
  setImmediate(() => process.exit(0));
}

/** What it was is remembered by the marker alone: its guest's state is that it had booted. */
function suspend(): void {
  writeFileSync(join(directory, 'suspended'), '');
  rmSync(socketPath, { force: true });
  setImmediate(() => process.exit(0));
}

function panic(reason: string): void {
  panicked = reason;
  paused = true;
  tell({ event: 'panicked', reason });
}

function obey(command: MonitorCommand): void {
  if (command.do === 'kill' || (command.do === 'power-down' && faults().ignoresPowerButton !== true)) powerOff();
  if (command.do === 'suspend') suspend();
  if (command.do === 'type') type(command.keys);
  if (command.do === 'console') tell({ event: 'console-before', text: readFileSync(consoleLog, 'utf8').slice(-command.maxBytes) });
  if (command.do === 'pause') {
    paused = true;
    tell({ event: 'paused' });
  }
  if (command.do === 'reset') {
    print('reset\n');
    tell({ event: 'reset' });
    boot();
  }
}

/** @returns whether it was a word of systemctl's about the whole guest, which is obeyed once it is answered */
function powerWord(command: readonly string[], answer: () => void): boolean {
  const [program, ...words] = command;
  const verb = words.at(-1);
  if (program !== 'systemctl' || (verb !== 'reboot' && verb !== 'poweroff') || faults().ignoresPowerButton === true) return false;
  answer();
  setTimeout(() => {
    if (verb === 'poweroff') return powerOff();
    print('rebooted\n');
    tell({ event: 'reset' });
    boot();
  }, 5);
  return true;
}

function exec(socket: Socket, request: Extract<Request, { want: 'exec' }>): (input: ExecInput) => void {
  const stdin = new PassThrough({ encoding: 'utf8' });
  const ending = new AbortController();
  socket.on('close', () => ending.abort());
  if (powerWord(request.command, () => socket.end(`${JSON.stringify({ exit: { code: 0 } })}\n`))) return () => undefined;
  const guest = { hostname: name, user: request.user, cwd: request.cwd, env: request.env, directory, network };
  void runProgram(request.command, guest, {
    out: (text) => send(socket, { stdout: text }), err: (text) => send(socket, { stderr: text }), input: stdin, signal: ending.signal,
  }).then((code) => socket.end(`${JSON.stringify({ exit: { code } })}\n`));
  return (input) => {
    if ('stdin' in input) stdin.write(input.stdin);
    else if ('end' in input) stdin.end();
    else {
      socket.end(`${JSON.stringify({ exit: { signal: input.signal } })}\n`);
      ending.abort();
    }
  };
}

function echo(socket: Socket): (message: Echo) => void {
  send(socket, { data: Buffer.from('SSH-2.0-fake\r\n').toString('base64') } satisfies Echo);
  return (message) => {
    send(socket, message);
    if ('end' in message) socket.end();
  };
}

const server = createServer((socket) => {
  let take: ((message: never) => void) | undefined;
  socket.on('error', () => undefined);
  onMessages(socket, (message: Request) => {
    if (take !== undefined) return take(message as never);
    if (message.want === 'monitor') {
      monitors.add(socket);
      socket.on('close', () => monitors.delete(socket));
      send(socket, { event: 'hello', id, booted, paused, panicked } satisfies MonitorEvent);
      if (booted) for (const report of network.reports()) send(socket, { event: 'report', report } satisfies MonitorEvent);
      take = obey;
    } else if (message.want === 'plugged') {
      network.plugged();
      socket.end();
    } else if (message.want === 'ssh') {
      take = echo(socket);
    } else {
      // Silent: the guest's end is open and nobody answers, as when the program behind a lane hangs.
      take = booted && panicked === null && faults().lane !== 'silent' ? exec(socket, message) : () => undefined;
    }
  });
});

rmSync(socketPath, { force: true });
rmSync(join(directory, 'powered-off'), { force: true });
if (existsSync(join(directory, 'suspended'))) booted = true;
else boot();
rmSync(join(directory, 'suspended'), { force: true });
// Between bind and listen a connection is refused: the name appears when it is served.
server.listen(`${socketPath}~`, () => renameSync(`${socketPath}~`, socketPath));
const { diesAfterMs, panicsAfterMs } = faults();
if (diesAfterMs !== undefined) setTimeout(() => process.kill(process.pid, 'SIGKILL'), diesAfterMs);
if (panicsAfterMs !== undefined) setTimeout(() => panic('Kernel panic - not syncing: asked for by a test'), panicsAfterMs);
