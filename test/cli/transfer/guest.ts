/** A stand-in for the daemon whose guests are directories here: what is to run in one runs in it, as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientControl, ExecFrameRequest, ServerControl } from '../../../src/api/exec-frames.ts';
import { controlFrame, FRAME, frame, MAX_FRAME_BYTES } from '../../../src/api/frames.ts';
import { json, makeBench, type Bench } from '../bench-cli.ts';

export interface TransferBench extends AsyncDisposable {
  readonly bench: Bench;
  readonly requests: ExecFrameRequest[];
  readonly programs: Set<ChildProcess>;
  /** The home of a guest's user. */
  home(name: string): string;
  /** Called with what each guest sends, before it goes on. */
  onSent: (() => void) | undefined;
  /** What a guest runs in the place of what it is told to. */
  instead: ((name: string, command: readonly string[]) => readonly string[] | undefined) | undefined;
}

export async function makeTransferBench(): Promise<TransferBench> {
  const bench = await makeBench();
  const server = await bench.serve((_, answer) => json(answer, { code: 'not-found', message: 'no', hint: null }, 404));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES + 1, perMessageDeflate: false });
  const made: TransferBench = {
    bench, requests: [], programs: new Set(), onSent: undefined, instead: undefined,
    home(name) {
      const directory = join(bench.home, 'guests', name);
      mkdirSync(directory, { recursive: true });
      return directory;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      for (const program of made.programs) program.kill('SIGKILL');
      await bench[Symbol.asyncDispose]();
    },
  };
  server.on('upgrade', (request, stream, head) => sockets.handleUpgrade(request, stream, head, (socket) => {
    const name = /instances\/([^/]+)\//.exec(request.url ?? '')?.[1] ?? '';
    serveOne(made, socket, name);
  }));
  return made;
}

function serveOne(made: TransferBench, socket: WebSocket, name: string): void {
  const tell = (message: ServerControl) => socket.send(controlFrame(message));
  const home = made.home(name);
  let program: ChildProcess | undefined;
  socket.on('message', (data: Buffer) => {
    if (data[0] === FRAME.stdin) {
      if (program?.stdin?.write(data.subarray(1)) === false) {
        socket.pause();
        program.stdin.once('drain', () => socket.resume());
      }
      return;
    }
    const message = JSON.parse(data.subarray(1).toString()) as ClientControl;
    if (message.type === 'eof') program?.stdin?.end();
    if (message.type === 'request') program = begin(message);
  });
  socket.on('close', () => {
    program?.stdin?.end();
    program?.stdout?.destroy();
    // As sshd does.
    program?.kill('SIGHUP');
  });

  function begin(request: ExecFrameRequest): ChildProcess {
    made.requests.push(request);
    const [tool = '', ...args] = made.instead?.(name, request.command) ?? request.command;
    const child = spawn(tool, args, { cwd: home, env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' }, stdio: 'pipe' });
    made.programs.add(child);
    child.stdin.on('error', () => {});
    for (const [stream, kind] of [[child.stdout, FRAME.stdout], [child.stderr, FRAME.stderr]] as const) {
      stream.on('data', (chunk: Buffer) => {
        made.onSent?.();
        stream.pause();
        socket.send(frame(kind, chunk), () => stream.resume());
      });
    }
    void once(child, 'close').then(([code]) => {
      made.programs.delete(child);
      if (socket.readyState === socket.OPEN) tell({ type: 'exit', code: code as number });
    });
    tell({ type: 'started', rung: 'lane', passedOver: [] });
    return child;
  }
}
