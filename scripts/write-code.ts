/**
 * node scripts/write-code.ts BUNDLE: keeps the code that V8 makes of a bundle while it does what is done most: shows its version,
 * lists, carries a command into an instance. What answers it is a stand-in. With the flags that it will be started with.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import { WebSocketServer } from 'ws';
import { controlFrame } from '../src/api/frames.ts';
import { codePath, runBundle } from '../src/cli/quick-start.ts';

const bundle = process.argv[2] ?? '';
const scratch = mkdtempSync(join(tmpdir(), 'hf-code-'));
// The code is of the flags of its time, and is read before the program changes one.
v8.setFlagsFromString = () => {};
// Without a callback nobody waits for what is written.
process.stdout.write = (_text: unknown, ...rest: readonly unknown[]) => {
  const written = rest.at(-1);
  if (typeof written === 'function') written();
  return true;
};
const end = process.exit.bind(process);
try {
  let script = await run('version');
  process.env['HOLDFAST_SOCKET'] = await answering(join(scratch, 'socket'));
  await run('list');
  script = await run('exec', 'apollo', '--', 'true');
  writeFileSync(codePath(bundle), script.createCachedData());
} finally {
  rmSync(scratch, { recursive: true });
}
end(0);

/** V8 knows the text again: what a function was compiled to in one run is there in the next. @throws when the command fails */
async function run(...words: readonly string[]): Promise<ReturnType<typeof runBundle>> {
  const ended = Promise.withResolvers<number>();
  process.exit = ((code: number) => ended.resolve(code)) as never;
  process.argv.splice(1, Infinity, bundle, ...words);
  const script = runBundle(bundle, undefined);
  const code = await ended.promise;
  if (code !== 0) throw new Error(`holdfast ${words.join(' ')} ended with ${code} as its code was made`);
  return script;
}

/** @returns the socket of a daemon that has no instance, in which every command ends well */
async function answering(socket: string): Promise<string> {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('{"instances":[]}'));
  server.on('upgrade', (request, stream, head) => sockets.handleUpgrade(request, stream, head, (opened) => opened.once('message', () => {
    opened.send(controlFrame({ type: 'started', rung: 'lane', passedOver: [] }));
    opened.send(controlFrame({ type: 'exit', code: 0 }));
  })));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(socket, resolve);
  await promise;
  return socket;
}
