/** A network without root's rights: real processes and sockets, as a plain user has them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PrivateNetworks } from '../../src/host/network/private/private-networks.ts';
import type { InstanceSpec } from '../../src/core/instance.ts';
import { waitFor } from '../real/home.ts';

const MAIN = join(import.meta.dirname, '../../src/host/network/private/main.ts');
const children: ChildProcess[] = [];
const sockets: Socket[] = [];
let directory: string;

beforeEach(async () => { directory = await mkdtemp('/var/tmp/hf-private-'); });
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const child of children.splice(0)) {
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await ended;
    }
  }
  await rm(directory, { recursive: true });
});

function start(path: string, aloneMs: number): ChildProcess {
  const child = spawn(process.execPath, [MAIN, path, String(aloneMs)], { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

async function plugged(path: string): Promise<Socket> {
  let socket: Socket | undefined;
  await waitFor(`a switch at ${path}`, async () => {
    const attempt = connect(path);
    socket = await new Promise((resolve) => { attempt.once('connect', () => resolve(attempt)); attempt.once('error', () => resolve(undefined)); });
    return socket !== undefined;
  }, 20_000);
  sockets.push(socket as unknown as Socket);
  return socket as unknown as Socket;
}

const HELLO = Buffer.from([0, 0, 0, 19, 255, 255, 255, 255, 255, 255, 82, 84, 0, 0, 0, 1, 8, 0, ...Buffer.from('hello')]);

async function hears(from: Socket, to: Socket): Promise<Buffer> {
  const heard = new Promise<Buffer>((resolve) => { to.once('data', resolve); });
  from.write(HELLO);
  return await heard;
}

test('machines that are connected to one switch hear each other, through a socket that is its owner\'s alone', async () => {
  const path = join(directory, 'net-0');
  start(path, 60_000);
  const [one, other] = [await plugged(path), await plugged(path)];
  expect(await hears(one, other)).toEqual(HELLO);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a second one leaves the first its place; one that was killed leaves it to the next', async () => {
  const path = join(directory, 'net-0');
  const first = start(path, 60_000);
  const one = await plugged(path);
  const second = start(path, 60_000);
  expect(await new Promise((resolve) => { second.once('exit', resolve); })).toBe(0);
  expect(await hears(one, await plugged(path))).toEqual(HELLO);
  const gone = new Promise((resolve) => { first.once('exit', resolve); });
  first.kill('SIGKILL');
  await gone;
  start(path, 60_000);
  expect(await hears(await plugged(path), await plugged(path))).toEqual(HELLO);
});

test('when nobody is connected any more it ends, and takes its socket along', async () => {
  const path = join(directory, 'net-0');
  const child = start(path, 300);
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  (await plugged(path)).destroy();
  expect(await ended).toBe(0);
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

const spec = (network: string | null): InstanceSpec => ({ cards: [{ slot: 1, mac: '52:54:00:00:00:09', network, address: null }] }) as unknown as InstanceSpec;

test('networks are made, found again by the next daemon, and removed', async () => {
  const open = (): PrivateNetworks => new PrivateNetworks({ home: directory, directory: join(directory, 'network'), runDirectory: directory, script: MAIN });
  const networks = open();
  expect(await networks.ownNetworks()).toEqual([]);
  await networks.createNetwork('lan', undefined);
  await networks.createNetwork('lab', undefined);
  await expect(networks.createNetwork('lan', undefined)).rejects.toThrow('there is a network lan already');
  await expect(networks.createNetwork('holdfast', undefined)).rejects.toThrow('cannot be called holdfast');
  await expect(networks.createNetwork('other', '192.168.68.0/24')).rejects.toThrow('needs a daemon that runs as root');
  const next = open();
  expect((await next.ownNetworks()).map(({ name }) => name)).toEqual(['lan', 'lab']);
  expect(next.plugOf('00000000', 1, 'lab')).toEqual({ kind: 'switch', path: join(directory, 'net-1') });
  await expect(next.attach({ name: 'apollo', spec: spec('gone') })).rejects.toThrow('the network gone, on which apollo has a card, does not exist');
  await next.deleteNetwork('lan');
  await expect(next.deleteNetwork('lan')).rejects.toThrow('there is no network lan');
  expect((await open().ownNetworks()).map(({ name }) => name)).toEqual(['lab']);
});
