/** A namespace that stands for a guest, and one that stands for the world: cards and wires without a machine. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';

export async function sh(tool: string, ...args: string[]): Promise<string> {
  return await shWithin(20_000, tool, ...args);
}

/** @param withinMs  before it is ended */
export async function shWithin(withinMs: number, tool: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(tool, args, { timeout: withinMs })).stdout;
}

export interface Namespace extends AsyncDisposable {
  readonly name: string;
  /** Runs in it; throws with what was said when it fails. */
  run(tool: string, ...args: string[]): Promise<string>;
  succeeds(tool: string, ...args: string[]): Promise<boolean>;
}

/** With one end of a wire in it; the other, in the host's, has the given name. */
export async function makeNamespace(hostEnd: string, mac?: string): Promise<Namespace> {
  const name = `hft-${randomBytes(4).toString('hex')}`;
  await sh('ip', 'netns', 'add', name);
  const run = (tool: string, ...args: string[]): Promise<string> => sh('ip', 'netns', 'exec', name, tool, ...args);
  await sh('ip', 'link', 'add', hostEnd, 'type', 'veth', 'peer', 'name', 'wire', 'netns', name);
  await run('ip', 'link', 'set', 'lo', 'up');
  // Addresses are there at once: one that is still being tried out speaks to nobody, for a second or two.
  await run('sh', '-c', 'echo 0 >/proc/sys/net/ipv6/conf/wire/accept_dad');
  await run('ip', 'link', 'set', 'dev', 'wire', ...(mac === undefined ? [] : ['address', mac]), 'up');
  return {
    name, run,
    succeeds: (tool, ...args) => run(tool, ...args).then(() => true, () => false),
    async [Symbol.asyncDispose]() {
      await sh('ip', 'link', 'delete', hostEnd).catch(() => undefined);
      await sh('ip', 'netns', 'delete', name);
    },
  };
}

/** The least of a TCP exchange: connects and reads one line, with a deadline of two seconds. @param from  one of its own addresses */
export function hears(address: string, port: number, from?: string): readonly [string, ...string[]] {
  const where = JSON.stringify({ host: address, port, localAddress: from });
  return ['node', '-e', `const s=require('net').connect(${where});s.setTimeout(2000,()=>process.exit(1));s.on('error',()=>process.exit(1));s.on('data',(d)=>{process.stdout.write(d);process.exit(0)})`];
}

/** A server that says who is calling, in a namespace or on the host. @param onEnd  is given what ends it  @returns its port */
export async function greet(where: Namespace | undefined, family: 4 | 6, onEnd: (end: () => Promise<unknown>) => void): Promise<number> {
  const all = family === 4 ? '0.0.0.0' : '::';
  if (where === undefined) {
    const server = createServer((socket) => socket.end(`${socket.remoteAddress ?? ''}\n`)).listen(0, all);
    await new Promise((resolve) => { server.once('listening', resolve); });
    onEnd(() => new Promise((resolve) => { server.close(resolve); }));
    return (server.address() as AddressInfo).port;
  }
  const program = `const s=require('net').createServer((c)=>c.end(c.remoteAddress+'\\n')).listen(0,'${all}',()=>console.log(s.address().port))`;
  const child = spawn('ip', ['netns', 'exec', where.name, process.execPath, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onEnd(() => new Promise((resolve) => { child.once('exit', resolve); child.kill('SIGKILL'); }));
  return await new Promise((resolve) => { child.stdout.once('data', (text) => resolve(Number(String(text)))); });
}
