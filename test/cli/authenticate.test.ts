/** The built program against a daemon with fake machines on TCP: as a person on another machine uses it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFakeBench, type FakeBench } from '../daemon/fake-bench.ts';
import { freePort } from '../daemon/tls-home.ts';
import { ran, type Ran } from './bench-cli.ts';

let fake: FakeBench;
let address: string;
let person: string;
/** With nothing but a home directory of his own and the address. */
const away = async (words: readonly string[], input = '', env: Readonly<Record<string, string>> = { HOLDFAST_ADDRESS: address }): Promise<Ran> => {
  const child = spawn(process.execPath, [fake.bench.cli, ...words], { env: { PATH: process.env['PATH'], HOME: person, XDG_DATA_HOME: join(person, 'data'), ...env }, stdio: 'pipe' });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return await ran(child);
};

const shellHere = (): ChildProcess => {
  const child = fake.bench.start(['shell', 'apollo']);
  child.stdin?.end('exit 0\n');
  return child;
};

beforeAll(async () => {
  fake = await makeFakeBench();
  address = `127.0.0.1:${await freePort()}`;
  person = mkdtempSync(join(tmpdir(), 'hf-person-'));
}, 60_000);
afterAll(async () => {
  await fake[Symbol.asyncDispose]();
  rmSync(person, { recursive: true, force: true });
}, 60_000);

test('on the daemon\'s own machine nothing has to be said', { timeout: 60_000 }, async () => {
  const said = { code: 0, stdout: 'You use the daemon of this machine: no passphrase is needed.\n', stderr: '' };
  expect(await fake.bench.run(['authenticate'])).toEqual(said);
  expect(await fake.bench.run(['auth', 'anything'])).toEqual(said);
  expect(await fake.bench.run(['authenticate', 'a', 'b'])).toMatchObject({ code: 1 });
  expect(await fake.bench.run(['authenticate', ''])).toMatchObject({ code: 1, stderr: expect.stringContaining('No passphrase given') });
});

test('a person elsewhere is refused, told how, and let in by the passphrase', { timeout: 60_000 }, async () => {
  expect(await away(['list'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(new RegExp(`^list failed: cannot connect to the holdfast socket\n${address}: nobody answers there`)) });
  expect(await fake.bench.run(['set', `local.address=${address}`])).toEqual({ code: 0, stdout: '', stderr: '' });
  const first = await away(['list']);
  expect([first.code, first.stdout]).toEqual([2, '']);
  expect(first.stderr).toMatch(/^First connection to 127\.0\.0\.1:\d+; its certificate is kept: sha256:[0-9a-f]{64}\nlist failed: This client is not authenticated with the daemon\n.*holdfast authenticate\n$/);
  expect(await readFile(join(fake.bench.home, 'daemon.log'), 'utf8')).toContain(/sha256:[0-9a-f]{64}/.exec(first.stderr)?.[0]);
  expect(statSync(join(person, 'data/holdfast/client/identity.pem')).mode & 0o777).toBe(0o600);
  expect(await away(['authenticate', 'x'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/^authenticate failed: No passphrase is set/) });
  expect((await fake.bench.run(['set', 'local.passphrase'], 'pass phrase\n')).code).toBe(0);
  expect(await away(['auth', 'phrase'])).toEqual({ code: 2, stdout: '', stderr: 'authenticate failed: Passphrase is not correct\ntry again, or ask whoever runs the daemon\n' });
  expect(await away(['authenticate'], '')).toMatchObject({ code: 1, stderr: expect.stringContaining('No passphrase given') });
  expect(await away(['authenticate'], 'pass phrase\n')).toEqual({ code: 0, stdout: 'Authenticated.\n', stderr: '' });
  expect(await away(['authenticate'])).toEqual({ code: 0, stdout: 'Already authenticated.\n', stderr: '' });
  expect(await away(['list', '--format', 'json'])).toEqual({ code: 0, stdout: '{\n    "list": [\n    ]\n}\n', stderr: '' });
});

test('then commands go there as they do here; what is the host\'s is refused in one line', { timeout: 60_000 }, async () => {
  expect(await away(['launch', fake.image, '--name', 'apollo', '--cold'])).toMatchObject({ code: 0, stdout: 'Launched: apollo in zone1\n' });
  expect(await away(['launch', fake.image, '--name', 'late', '--mount', '/not/here:/srv/x'])).toEqual({ code: 2, stdout: '', stderr: 'launch failed: a directory of this machine cannot be mounted in an instance of a daemon elsewhere\nleave --mount out, and copy what is needed: holdfast transfer\n' });
  expect((await away(['list', '--format', 'csv'])).stdout).not.toContain('late');
  expect(await away(['exec', 'apollo', '--', 'cat'], 'there and back\n')).toEqual({ code: 0, stdout: 'there and back\n', stderr: '' });
  expect((await away(['exec', 'apollo', '--', 'sh', '-c', 'exit 7'])).code).toBe((await fake.bench.run(['exec', 'apollo', '--', 'sh', '-c', 'exit 7'])).code);
  expect((await away(['shell', 'apollo'], 'exit 0\n')).code).toBe((await ran(shellHere())).code);
  expect((await away(['wait-ready', '--timeout', '10'])).code).toBe(0);
  expect((await away(['list'])).stdout).toBe((await fake.bench.run(['list'])).stdout);
  expect((await away(['version'])).stdout).toMatch(/holdfastd +0\.1\.0/);
  expect(await away(['logs'])).toMatchObject({ code: 2, stderr: expect.stringContaining('the daemon\'s own log is for whoever runs it') });
  expect(await away(['set', 'local.templates=false'])).toMatchObject({ code: 2, stderr: 'set failed: this concerns the host that the daemon runs on, so it is not done over the network\ndo it there\n' });
  const config = await away(['ssh-config', 'apollo']);
  expect([config.code, config.stderr]).toEqual([0, '']);
  expect(config.stdout).toContain(`ProxyCommand env HOLDFAST_ADDRESS=${address} `);
});

test('the primary instance is given a home directory on the daemon\'s own machine only', { timeout: 60_000 }, async () => {
  const launch = ['launch', fake.image, '--name', 'primary', '--cold'];
  expect(await away(launch)).toMatchObject({ code: 0, stdout: 'Launched: primary in zone1\n' });
  expect((await fake.bench.run(['info', 'primary'])).stdout).not.toContain(person);
  expect((await fake.bench.run(['delete', '--purge', 'primary'])).code).toBe(0);
  const child = fake.bench.start(launch, { HOME: person });
  child.stdin?.end();
  expect(await ran(child)).toMatchObject({ code: 0, stdout: `Launched: primary in zone1\nMounted '${person}' into 'primary:Home'\n` });
  expect((await fake.bench.run(['info', 'primary'])).stdout).toMatch(new RegExp(`^Mounts: +${person} +=> /home/ubuntu/Home$`, 'm'));
  expect((await fake.bench.run(['delete', '--purge', 'primary'])).code).toBe(0);
});

test('whoever runs the daemon sees who is let in, and ends it for one, an open shell too', { timeout: 60_000 }, async () => {
  const listed = await fake.bench.run(['clients', '--format', 'json']);
  const { clients } = JSON.parse(listed.stdout) as { clients: { name: string; fingerprint: string; address: string; connections: number }[] };
  expect(clients).toEqual([{ name: expect.stringContaining('@') as string, fingerprint: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string, address: '127.0.0.1', since: expect.any(String) as string, connections: 0 }]);
  const { name = '', fingerprint = '' } = clients[0] ?? {};
  expect((await fake.bench.run(['clients'])).stdout).toMatch(new RegExp(`^Name +From +Since +Open +Fingerprint\n${name} +127\\.0\\.0\\.1 +20.* 0 +${fingerprint}\n$`));
  const refused = 'this concerns the host that the daemon runs on, so it is not done over the network\ndo it there\n';
  expect(await away(['clients'])).toMatchObject({ code: 2, stderr: `clients failed: ${refused}` });
  expect(await away(['clients', 'forget', name])).toMatchObject({ code: 2, stderr: `clients failed: ${refused}` });
  expect(await fake.bench.run(['clients', 'forget', 'eve'])).toMatchObject({ code: 2, stderr: 'clients failed: client "eve" does not exist: nobody of that name or fingerprint is let in\nwho is: holdfast clients\n' });
  const shell = fake.bench.start(['exec', 'apollo', '--', 'cat'], { HOME: person, XDG_DATA_HOME: join(person, 'data'), HOLDFAST_HOME: '', HOLDFAST_ADDRESS: address });
  const ended = ran(shell);
  shell.stdin?.write('there\n');
  await once(shell.stdout!, 'readable');
  expect(await fake.bench.run(['clients', 'forget', name])).toEqual({
    code: 0, stdout: `Forgotten: ${name} (${fingerprint}); connections ended: 1\n`, stderr: 'Who knows the passphrase is let in again; to change it: holdfast set local.passphrase\n',
  });
  expect(await ended).toMatchObject({ code: 255, stderr: expect.stringContaining('the connection to the daemon was lost') });
  expect((await away(['list'])).stderr).toContain('This client is not authenticated with the daemon');
  expect((await fake.bench.run(['clients'])).stdout).toBe('No clients found.\n');
  expect((await away(['authenticate', 'pass phrase'])).stdout).toBe('Authenticated.\n');
});

test('Multipass\'s launcher takes the address from Multipass\'s variable', { timeout: 60_000 }, async () => {
  expect(await away(['--as=multipass', 'list', '--format', 'csv'], '', { MULTIPASS_SERVER_ADDRESS: address })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Name,State.*\napollo,Running/) });
  expect(await away(['--as=multipass', 'list'], '', { MULTIPASS_SERVER_ADDRESS: '127.0.0.1:1' })).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot connect to the multipass socket') });
  expect(await away(['list'], '', { HOLDFAST_ADDRESS: `unix:${fake.bench.socket}` })).toMatchObject({ code: 0, stdout: expect.stringContaining('apollo') });
  expect(await away(['list'], '', { HOLDFAST_ADDRESS: 'nowhere' })).toMatchObject({ code: 1, stderr: expect.stringContaining('invalid server address: nowhere') });
});
