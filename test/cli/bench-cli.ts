/** A home, the built CLI, and a stand-in for the daemon that gives fixed answers, for the tests that run the real program. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { WireOperation } from '../../src/api/schemas.ts';
import { bundleCli } from '../../scripts/bundle.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

export type Handler = (asked: Asked, answer: ServerResponse, request: IncomingMessage) => void;

export interface Bench extends AsyncDisposable {
  readonly home: string;
  readonly cli: string;
  readonly socket: string;
  readonly asked: Asked[];
  serve(handler: Handler): Promise<Server>;
  start(words: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess;
  run(words: readonly string[], input?: string | Uint8Array): Promise<Ran>;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function makeBench(): Promise<Bench> {
  const home = mkdtempSync(join(tmpdir(), 'hf-cli-'));
  await bundleCli(join(home, 'dist'));
  mkdirSync(join(home, 'run'));
  const cli = join(home, 'dist/holdfast.cjs');
  const socket = join(home, 'run/holdfastd.sock');
  const asked: Asked[] = [];
  let server: Server | undefined;
  const children = new Set<ChildProcess>();
  const start: Bench['start'] = (words, env = {}) => {
    const child = spawn(process.execPath, [cli, ...words], { env: { PATH: process.env['PATH'], HOLDFAST_HOME: home, HOLDFAST_OFFLINE: '1', ...env }, stdio: 'pipe' });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  return {
    home, cli, socket, asked, start,
    async serve(handler) {
      server = createServer((request, answer) => {
        // An upload's bytes are the handler's to read.
        const body = request.url?.startsWith('/v1/images/upload') ? Promise.resolve('') : text(request);
        void body.then((said) => {
          const one = { method: request.method ?? '', url: request.url ?? '', body: said };
          asked.push(one);
          handler(one, answer, request);
        });
      });
      await new Promise<void>((resolve) => server?.listen(socket, resolve));
      return server;
    },
    run(words, input) {
      const child = start(words);
      child.stdin?.on('error', () => {});
      child.stdin?.end(input ?? '');
      return ran(child);
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      server?.closeAllConnections();
      await new Promise<void>((resolve) => server?.listening ? server.close(() => resolve()) : resolve());
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export async function ran(child: ChildProcess): Promise<Ran> {
  const [stdout, stderr, code] = await Promise.all([
    child.stdout ? text(child.stdout) : '', child.stderr ? text(child.stderr) : '', new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout, stderr };
}

export function json(answer: ServerResponse, body: unknown, status = 200): void {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function operation(part: Partial<WireOperation> = {}): WireOperation {
  return {
    id: 'op1', kind: 'launch', instance: 'apollo', status: 'running', stage: 'Creating apollo', fraction: null, notices: [], error: null,
    result: {}, startedAt: '2026-09-01T10:00:00.000Z', endedAt: null, ...part,
  };
}

export function event(answer: ServerResponse, body: WireOperation): void {
  if (!answer.headersSent) answer.writeHead(200, { 'content-type': 'text/event-stream' });
  answer.write(`data: ${JSON.stringify(body)}\n\n`);
}
