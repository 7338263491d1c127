/** What the built program says and which exit code it ends with, against fixed answers. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WireInstance } from '../../src/api/schemas.ts';
import { event, json, makeBench, operation, ran, type Bench, type Handler } from './bench-cli.ts';
import { apollo, primary } from './instances.ts';

let bench: Bench;
let special: Handler | undefined;
let instances: readonly WireInstance[];
let primaryName: string;

const refuse = (code: string, message: string, status: number, hint: string | null = null): Handler => (_, answer) => json(answer, { code, message, hint }, status);

const usual: Handler = ({ method, url }, answer) => {
  if (url === '/v1/instances' && method === 'GET') return json(answer, { instances });
  if (url === '/v1/version') return json(answer, { daemon: '0.1.9', api: 1, driver: 'qemu', home: '/h', pid: 1 });
  if (url === '/v1/settings/client.primary-name') return json(answer, { key: 'client.primary-name', value: primaryName });
  if (url === '/v1/settings') return json(answer, { settings: [{ key: 'local.driver', value: 'qemu' }, { key: 'client.primary-name', value: '' }] });
  if (url.startsWith('/v1/settings/')) return json(answer, { key: 'k', value: '' });
  if (url.endsWith('/events')) return event(answer, operation({ status: 'done', result: { name: 'apollo', zone: 'zone1' } }));
  if (url.includes('/ghost/')) return json(answer, { code: 'instance-not-found', message: 'instance "ghost" does not exist', hint: 'see: holdfast list' }, 404);
  if (method === 'POST') return json(answer, operation(), 202);
  return json(answer, { message: 'Route not found', statusCode: 404 }, 404);
};

beforeAll(async () => {
  bench = await makeBench();
  await bench.serve((asked, answer, request) => (special ?? usual)(asked, answer, request));
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => {
  special = undefined;
  instances = [apollo, primary];
  primaryName = 'primary';
  bench.asked.length = 0;
});

test.each([
  [['list', 'x'], 'This command takes no arguments'],
  [['list', '--format', 'xml'], 'Invalid format type given.'],
  [['list', '--nope'], "Unknown option '--nope'"],
  [['delete'], 'Name argument or --all is required'],
  [['recover'], 'Name argument or --all is required'],
  [['stop', 'a', '--all'], 'Cannot specify name(s) when --all option set'],
  [['start', 'a', '--all'], 'Cannot specify name(s) when --all option set'],
  [['stop', 'a', '--force', '-t', '5'], 'Cannot set --force together with --time or --cancel'],
  [['stop', 'a', '-t', '5', '-c'], 'Cannot set a time and cancel at once'],
  [['stop', 'a', '-t', 'soon'], "Invalid delay 'soon'"],
  [['start', '--timeout', '0'], '--timeout value has to be a positive integer'],
  [['launch', '--timeout=-3'], '--timeout value has to be a positive integer'],
  [['launch', '-c', '0'], "Invalid CPU count '0'"],
  [['launch', '-c', 'two'], "Invalid CPU count 'two'"],
  [['launch', '-m', '1CiG'], '1CiG is not a valid memory size'],
  [['launch', '--cloud-init', 'http://127.0.0.1:1/y'], 'Could not load cloud-init configuration: 127.0.0.1:1 cannot be reached: nobody listens there'],
  [['launch', 'a', 'b'], 'Too many arguments given'],
  [['launch', 'file://disk.img'], 'Image file path is not absolute: disk.img'],
  [['launch', 'file:///nowhere.img'], 'Cannot read the image: /nowhere.img does not exist'],
  [['launch', 'file:///usr'], 'Cannot read the image: /usr is a directory'],
  [['launch', '--cloud-init', '/nowhere.yaml'], 'Could not load cloud-init configuration: /nowhere.yaml does not exist'],
  [['get'], 'A settings key is required'],
  [['set', '=x'], 'A settings key is required'],
  [['exec', 'apollo'], 'Wrong number of arguments given'],
  [['exec', 'apollo', '-d', '/', '-n', '--', 'ls'], 'Options --working-directory and --no-map-working-directory clash'],
  [['launch', 'debian', '--checksum', `sha256:${'0'.repeat(64)}`], '--checksum belongs to an image from the web'],
  [['launch', 'https://x/y.img', '--checksum', 'md5:0'], 'launch failed: "md5:0" is no checksum'],
  [['launch', '--arch', 'mips'], 'launch failed: there is no architecture "mips" here'],
  [['find', 'a', 'b'], 'Too many arguments given'],
  [['find', '--format', 'xml'], 'Invalid format type given.'],
  [['find', '--arch', 'mips'], 'find failed: there is no architecture "mips" here'],
  [['image', 'list', '--arch', 'arm64'], '--arch belongs to "image build"'],
  [['clients', 'list', 'x'], '"clients list" takes no arguments'],
  [['clients', 'forget'], 'Name the client to forget'],
  [['clients', 'forget', 'x', '--format', 'json'], '--format belongs to "clients list"'],
  [['clients', 'x'], 'Unknown action \'x\''],
  [['image', 'build', 'plan9'], "Cannot build 'plan9'"],
  [['image', 'paint'], "Unknown action 'paint'"],
] as const)('%j is refused with exit code 1 before anything is asked', async (words, message) => {
  const { code, stderr, stdout } = await bench.run(words);
  expect(stderr.split('\n')[0]).toBe(message);
  expect([code, stdout, bench.asked]).toEqual([1, '', []]);
});

test.each([
  [['launch', '-n', '9lives'], 'launch failed: Invalid arguments supplied'],
] as const)('%j fails with exit code 2 before anything is asked', async (words, message) => {
  const { code, stderr } = await bench.run(words);
  expect([stderr.split('\n')[0], code, bench.asked]).toEqual([message, 2, []]);
});

test('an option of the inner command without -- gets a hint', async () => {
  const { code, stderr } = await bench.run(['exec', 'apollo', 'ls', '-l']);
  expect([code, stderr]).toEqual([1, "Unknown option '-l'\noptions of the command itself go behind --: holdfast exec <name> -- <command> <options>\n"]);
});

test('no words at all show the help, with exit code 2; an unknown one is told on stdout, with 1', async () => {
  expect(await bench.run([])).toMatchObject({ code: 2, stdout: expect.stringContaining('Usage: holdfast') });
  expect(await bench.run(['help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Inside an instance:') });
  expect(await bench.run(['nope'])).toEqual({ code: 1, stdout: 'Error: Unknown command or alias \'nope\' (try "holdfast help" or "holdfast aliases")\n', stderr: '' });
  expect(await bench.run(['-vv', 'help', 'sh'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: holdfast shell') });
  expect(await bench.run(['-V'])).toMatchObject({ code: 0, stdout: 'holdfast 0.1.0\n' });
});

test('launch tells the daemon what was asked, and the user what came of it', async () => {
  writeFileSync(join(bench.home, 'user-data'), '#cloud-config\n\u0000ü');
  const { code, stdout, stderr } = await bench.run(['launch', 'debian:13', '-n', 'apollo', '-c2', '-m', '1G', '--disk=6G', '--cloud-init', join(bench.home, 'user-data'), '--timeout', '90']);
  expect([code, stdout]).toEqual([0, 'Launched: apollo in zone1\n']);
  expect(stderr).toBe('');
  const sent = JSON.parse(bench.asked[0]?.body ?? '') as Record<string, unknown>;
  expect(sent).toMatchObject({ image: 'debian:13', name: 'apollo', cpus: 2, memory: '1G', disk: '6G', timeoutSeconds: 90, timezone: expect.any(String) });
  expect(Buffer.from(String(sent['cloudInit']), 'base64').toString()).toBe('#cloud-config\n\u0000ü');
});

test('cloud-init data comes from stdin with -', async () => {
  expect((await bench.run(['launch', '--cloud-init', '-'], 'packages: [jq]\n')).code).toBe(0);
  expect(JSON.parse(bench.asked[0]?.body ?? '')).toMatchObject({ cloudInit: Buffer.from('packages: [jq]\n').toString('base64') });
});

test('cloud-init data comes from an address too; what that does not have is told, and what is too long is not read to its end', async () => {
  const web = createServer((request, answer) => {
    if (request.url === '/user-data') answer.end('packages: [jq]\n');
    else if (request.url === '/endless') {
      const more = setInterval(() => answer.write(Buffer.alloc(500_000, '#')), 1);
      answer.once('close', () => clearInterval(more));
    } else answer.writeHead(404).end('no such thing');
  });
  await new Promise<void>((resolve) => { web.listen(0, '127.0.0.1', resolve); });
  const address = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  try {
    expect((await bench.run(['launch', '--cloud-init', `${address}/user-data`])).code).toBe(0);
    expect(JSON.parse(bench.asked[0]?.body ?? '')).toMatchObject({ cloudInit: Buffer.from('packages: [jq]\n').toString('base64') });
    expect(await bench.run(['launch', '--cloud-init', `${address}/gone`])).toMatchObject({ code: 1, stderr: `Could not load cloud-init configuration: ${address}/gone cannot be had: the answer is 404\n` });
    expect(await bench.run(['launch', '--cloud-init', `${address}/endless`])).toMatchObject({ code: 1, stderr: expect.stringContaining('is too long') });
  } finally {
    web.closeAllConnections();
    web.close();
  }
});

test('stages and notices go to stderr as plain lines, each once', async () => {
  special = (asked, answer) => {
    if (!asked.url.endsWith('/events')) return usual(asked, answer, undefined as never);
    event(answer, operation({ stage: 'Retrieving image', fraction: 0.1 }));
    event(answer, operation({ stage: 'Retrieving image', fraction: 0.9, notices: ['no KVM here'] }));
    event(answer, operation({ stage: 'Creating apollo\u001b[2J', notices: ['no KVM here'] }));
    event(answer, operation({ status: 'done', result: { name: 'apollo' }, notices: ['no KVM here'] }));
  };
  expect(await bench.run(['launch'])).toEqual({ code: 0, stdout: 'Launched: apollo\n', stderr: 'Retrieving image\nno KVM here\nCreating apollo [2J\n' });
});

test('what the daemon refuses is told with its hint and ends with the exit code of its kind', async () => {
  special = refuse('bad-cloud-init', 'Could not load cloud-init configuration: line 3, column 5: a tab', 400, 'use spaces');
  expect(await bench.run(['launch'])).toEqual({ code: 1, stdout: '', stderr: 'launch failed: Could not load cloud-init configuration: line 3, column 5: a tab\nuse spaces\n' });
  special = refuse('daemon-stopping', 'the daemon is stopping', 503);
  expect((await bench.run(['list'])).code).toBe(3);
  special = refuse('unknown-setting', "Unrecognized settings key: 'k'", 404);
  expect(await bench.run(['get', 'k'])).toMatchObject({ code: 1, stderr: "get failed: Unrecognized settings key: 'k'\n" });
  special = (_, answer) => answer.writeHead(500).end('<html>');
  expect(await bench.run(['list'])).toMatchObject({ code: 3, stderr: expect.stringContaining('list failed: the daemon answered with status 500') });
});

test('an operation that failed is told as such, and one that --timeout was too short for has exit code 5', async () => {
  const ended = (code: string, message: string): Handler => (asked, answer) =>
    asked.url.endsWith('/events') ? event(answer, operation({ status: 'failed', error: { code: code as never, message, hint: null } })) : usual(asked, answer, undefined as never);
  special = ended('boot-failed', 'apollo did not boot');
  expect(await bench.run(['start', 'apollo'])).toMatchObject({ code: 2, stderr: 'start failed: apollo did not boot\n' });
  special = ended('too-slow', 'apollo did not answer within 300 s');
  expect((await bench.run(['start', 'apollo'])).code).toBe(2);
  // A deadline of the daemon's own, such as a tool's: the user's has not passed.
  expect((await bench.run(['start', 'apollo', '--timeout', '300'])).code).toBe(2);
  special = (asked, answer) => asked.url.endsWith('/events') ? event(answer, operation()) : usual(asked, answer, undefined as never);
  expect(await bench.run(['launch', '--timeout', '1'])).toMatchObject({ code: 5, stderr: expect.stringContaining('launch failed: timed out') });
  expect(bench.asked.some(({ method }) => method === 'DELETE')).toBe(false);
});

test.each([
  [['umount', 'apollo:/srv']], [['umount', 'apollo:/srv', 'primary:/srv']], [['mount', '.', 'apollo']], [['launch', '--mount', '.']], [['start', 'apollo']],
])('%j has no exit code of ssh\'s where an instance cannot be reached, and none of --timeout\'s where none was given', async (words) => {
  const ended = (code: string): Handler => (asked, answer) =>
    asked.url.endsWith('/events') ? event(answer, operation({ status: 'failed', error: { code: code as never, message: 'no', hint: null } })) : /\/mounts\b/.test(asked.url) ? json(answer, operation(), 202) : usual(asked, answer, undefined as never);
  for (const code of ['guest-unreachable', 'exec-failed', 'too-slow']) {
    special = ended(code);
    expect(await bench.run(words)).toMatchObject({ code: 2, stderr: expect.stringContaining(`${words[0]} failed: `) as string });
  }
});

test('several names are carried out together, and their errors told together', async () => {
  const { code, stderr } = await bench.run(['stop', 'ghost', 'apollo', 'ghost', '-t', '+3']);
  expect([code, stderr]).toEqual([2, 'stop failed: The following errors occurred:\ninstance "ghost" does not exist\nsee: holdfast list\n']);
  expect(bench.asked.filter(({ method }) => method === 'POST').map(({ url, body }) => [url, JSON.parse(body) as unknown]).toSorted()).toEqual([
    ['/v1/instances/apollo/actions', { action: 'stop', delayMinutes: 3 }], ['/v1/instances/ghost/actions', { action: 'stop', delayMinutes: 3 }],
  ]);
});

test('--all is about those to which the command applies', async () => {
  expect((await bench.run(['stop', '--all', '--force'])).code).toBe(0);
  expect((await bench.run(['start', '--all'])).code).toBe(0);
  expect(bench.asked.filter(({ method }) => method === 'POST').map(({ url, body }) => [url, body])).toEqual([
    ['/v1/instances/primary/actions', '{"action":"stop","force":true}'], ['/v1/instances/apollo/actions', '{"action":"start"}'],
  ]);
});

test('without a name it is the primary instance, which start launches where there is none', async () => {
  await bench.run(['stop']);
  expect(bench.asked.at(-2)?.url).toBe('/v1/instances/primary/actions');
  instances = [apollo];
  expect((await bench.run(['start'])).stdout).toMatch(/^Launched: apollo in zone1\n/);
  expect(JSON.parse(bench.asked.find(({ method, url }) => method === 'POST' && url === '/v1/instances')?.body ?? '')).toMatchObject({ name: 'primary' });
  primaryName = '';
  expect(await bench.run(['restart'])).toMatchObject({ code: 1, stderr: expect.stringContaining('Name argument or --all is required\n') });
});

test('info of what is not there fails, and names it', async () => {
  expect(await bench.run(['info', 'ghost'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('info failed: instance "ghost" does not exist\n') });
  expect(await bench.run(['info', 'ghost', 'apollo'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('info failed: The following errors occurred:\ninstance "ghost"') });
  expect((await bench.run(['info', 'apollo'])).stdout).toContain('Name:           apollo\n');
});

test.each([['networks'], ['network', 'list']])('%j: what cannot be used is left out, and a person is told why', async (...words) => {
  special = (_, answer) => json(answer, { networks: [], leftOut: 'it needs a daemon that runs as root' });
  expect(await bench.run(words)).toEqual({ code: 0, stdout: 'No network interfaces found.\n', stderr: 'Bridges and cards of the host that cannot be used are left out: it needs a daemon that runs as root\n' });
  expect((await bench.run([...words, '--format', 'csv']))).toEqual({ code: 0, stdout: 'Name,Type,Description\n', stderr: '' });
});

test('settings are read and written', async () => {
  expect((await bench.run(['get', '--keys'])).stdout).toBe('client.primary-name\nlocal.driver\n');
  expect((await bench.run(['get', 'local.x'])).stdout).toBe('<empty>\n');
  expect((await bench.run(['get', 'local.x', '--raw'])).stdout).toBe('\n');
  expect((await bench.run(['set', 'local.x=a=b'])).code).toBe(0);
  expect(bench.asked.at(-1)).toEqual({ method: 'PUT', url: '/v1/settings/local.x', body: '{"value":"a=b"}' });
  expect((await bench.run(['set', 'local.x'], 'typed\n')).code).toBe(0);
  expect(bench.asked.at(-1)?.body).toBe('{"value":"typed"}');
  expect((await bench.run(['set', 'local.x'])).code).toBe(1);
});

test('an image of the caller is sent whole, then launched by its digest', async () => {
  const bytes = Buffer.alloc(3_000_001, 'QFI');
  mkdirSync(join(bench.home, 'my images'), { recursive: true });
  writeFileSync(join(bench.home, 'my images/a#1.img'), bytes);
  let received = 0;
  special = (asked, answer, request) => {
    if (!asked.url.startsWith('/v1/images/upload')) return usual(asked, answer, request);
    request.on('data', (chunk: Buffer) => { received += chunk.length; }).on('end', () => json(answer, { digest: 'abc123' }));
  };
  expect((await bench.run(['launch', `file://${join(bench.home, 'my images/a#1.img')}`])).code).toBe(0);
  expect(received).toBe(bytes.length);
  expect(JSON.parse(bench.asked[1]?.body ?? '')).toMatchObject({ image: 'sha256:abc123' });
});

test('an image that is refused by its first bytes is not sent to the end', async () => {
  writeFileSync(join(bench.home, 'big.img'), Buffer.alloc(40_000_000));
  special = (asked, answer, request) => {
    if (!asked.url.startsWith('/v1/images/upload')) return usual(asked, answer, request);
    request.once('data', () => {
      request.pause();
      json(answer, { code: 'image-refused', message: 'it has a backing file', hint: null }, 400);
    });
  };
  expect(await bench.run(['launch', `file://${join(bench.home, 'big.img')}`])).toMatchObject({ code: 2, stderr: expect.stringContaining('launch failed: it has a backing file\n') });
});

test('find asks for what was wanted, shows it, and tells apart what is not known', async () => {
  const image = { name: 'noble', aliases: [], remote: '', os: 'Ubuntu', release: '24.04 LTS', version: '20240608', hash: 'b'.repeat(64), architecture: 'x86_64', supported: true };
  special = (_, answer) => json(answer, { images: [image], errors: [] });
  expect(await bench.run(['find', 'daily:noble', '--show-unsupported', '--force-update', '--arch', 'arm64'])).toEqual({
    code: 0, stderr: '', stdout: expect.stringContaining('\nnoble                                         20240608         Ubuntu 24.04 LTS\n'),
  });
  expect(bench.asked.at(-1)?.url).toBe('/v1/images/published?name=daily%3Anoble&architecture=arm64&unsupported=true&force=true');
  special = (_, answer) => json(answer, { images: [], errors: ['release cannot be reached'] });
  expect(await bench.run(['find'])).toEqual({ code: 2, stdout: 'No images found.\n', stderr: 'release cannot be reached\n' });
  special = (_, answer) => json(answer, { images: [], errors: [] });
  expect(await bench.run(['find', '--format', 'yaml'])).toEqual({ code: 0, stdout: 'errors: []\nimages: {}\n', stderr: '' });
});

test('version works with a daemon, and --format is honoured', async () => {
  expect((await bench.run(['version', '--format', 'json'])).stdout).toBe('{\n    "holdfast": "0.1.0",\n    "holdfastd": "0.1.9"\n}\n');
});

test.runIf(existsSync('/dev/full'))('output that cannot be written is a failure', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [bench.cli, 'list'], { env: { HOLDFAST_HOME: bench.home }, stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect(await ran(child)).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot write the output: ENOSPC') });
});

const DIAGNOSIS = {
  instance: 'apollo', cause: 'python', tookMs: 5, fixes: [],
  checks: [
    { id: 'state', layer: 'machine', title: 'its state', status: 'ok', seen: 'Running', remedy: null, fixable: false },
    { id: 'python', layer: 'python', title: 'Python', status: 'broken', seen: 'it is gone\u001b[2J', remedy: 'install it', fixable: true },
    { id: 'doorman', layer: 'doorman', title: 'the doorman', status: 'skipped', seen: 'because of: Python', remedy: null, fixable: false },
  ],
};

test('doctor tells each check in a line, the remedy below it, and the first broken layer at the end; the exit code is 2', async () => {
  special = (_, answer) => json(answer, DIAGNOSIS);
  const { code, stdout } = await bench.run(['doctor', 'apollo']);
  expect(code).toBe(2);
  expect(stdout).toBe(`ok       its state     Running
BROKEN   Python        it is gone [2J
         remedy: install it
-        the doorman   because of: Python

The first broken layer of apollo: Python: it is gone [2J
mend it: holdfast doctor apollo --fix
`);
  expect(bench.asked.map(({ method, url }) => [method, url])).toEqual([['GET', '/v1/instances/apollo/doctor']]);
});

test('doctor --fix asks for mending and tells what was done; nothing broken is exit code 0', async () => {
  special = (_, answer) => json(answer, { ...DIAGNOSIS, cause: null, checks: DIAGNOSIS.checks.slice(0, 1), fixes: [{ check: 'python', title: 'Python', did: 'installed it', good: true, seen: 'it is there' }] });
  const { code, stdout } = await bench.run(['doctor', 'apollo', '--fix']);
  expect([code, stdout]).toEqual([0, `ok       its state   Running

fixed    Python: installed it
         it is well now: it is there

Nothing is broken about apollo.
`]);
  expect(bench.asked.at(-1)).toMatchObject({ method: 'POST', url: '/v1/instances/apollo/doctor/mend' });
});

test.each([['json', '"cause": "python"'], ['yaml', 'cause: python'], ['csv', 'python,python,broken,']])('doctor tells a program in %s', async (format, expected) => {
  special = (_, answer) => json(answer, DIAGNOSIS);
  const { code, stdout } = await bench.run(['doctor', 'apollo', '--format', format]);
  expect([code, stdout.includes(expected)]).toEqual([2, true]);
});

test('doctor says why there is no daemon, and what to do, where none can be started', async () => {
  const { code, stdout } = await ran(bench.start(['doctor'], { HOLDFAST_HOME: `/var/tmp/${'long'.repeat(30)}` }));
  expect([code, stdout]).toEqual([2, expect.stringMatching(/^BROKEN {3}its home +the path of a socket would have \d+ bytes.*\n {9}remedy: set HOLDFAST_HOME to a path that is at least/)]);
});

test('doctor says so of a home that is no directory', async () => {
  const { code, stdout } = await ran(bench.start(['doctor'], { HOLDFAST_HOME: '/dev/null/home' }));
  expect([code, stdout]).toEqual([2, expect.stringMatching(/^BROKEN {3}its home +cannot write to the home \/dev\/null\/home: .*\n {9}remedy: make it writable/)]);
});
