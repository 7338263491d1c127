/**
 * What can happen to a template, or while one is made: the launch boots instead and says why in one line, or makes another;
 * nothing is left of what failed. In a home of its own, with a copy of the shared home's template.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill } from '../fill.ts';
import { ALL, pick } from '../rotation.ts';
import { giveRoom, makeTestHome, type TestHome, waitFor } from './home.ts';
import { shareTemplates } from './provided.ts';
import { onSmallDisk } from './small-disk.ts';

const run = promisify(execFile);
const LONG = { timeout: 900_000 };
let home: TestHome;

beforeAll(async () => {
  home = await makeTestHome({ imagesFrom: inject('images') });
  await shareTemplates(home.directory, 'copied');
  await giveRoom(home);
  // What a case leaves is compared with what was there: the daemon's own files are, from here on.
  await home.must(['list']);
});
afterAll(async () => { await home[Symbol.asyncDispose](); });

const DAMAGES: Readonly<Record<string, (directory: string) => Promise<void>>> = {
  'its memory was cut off': (directory) => truncate(join(directory, 'ram'), 2 ** 29),
  'its state was overwritten': async (directory) => {
    const path = join(directory, 'state');
    await writeFile(path, Buffer.alloc((await readFile(path)).length, 0x5a));
  },
  'its disk was deleted': (directory) => rm(join(directory, 'disk.qcow2')),
};

/** What a making prints, or leaves, when it has come so far. */
const MAKING: Readonly<Record<string, (said: () => string) => Promise<boolean>>> = {
  'while it boots': (said) => Promise.resolve(said().includes('Waiting for it to boot') || said().includes('Booting the image')),
  'while its guest is frozen': (said) => Promise.resolve(said().includes('Making the template')),
  'while it is saved': async () => (await readdir(join(home.directory, 'templates'))).some((name) => name.endsWith('.making')),
};

const CASES: readonly (readonly [string, () => Promise<void>])[] = [
  ...Object.entries(DAMAGES).map(([what, damage]) => [what, () => damaged(damage)] as const),
  ...Object.entries(MAKING).map(([when, reached]) => [`the daemon is killed ${when}`, () => killed(reached)] as const),
  ['it is of another QEMU', otherQemu],
  ['the host is rebooted', rebooted],
  ['nobody has used it for a year', old],
  ['the disk is too small for its memory', noSpace],
  ['the disk becomes full while it is made', diskFull],
];

describe('a template', () => {
  test.each(ALL ? CASES : [pick(CASES)])('%s', LONG, async (_what, check) => {
    await check();
  });
});

async function damaged(damage: (directory: string) => Promise<void>): Promise<void> {
  const [key = ''] = await readdir(join(home.directory, 'templates'));
  await keeping(key, async () => {
    await damage(join(home.directory, 'templates', key));
    const { stderr } = await home.must(['launch', '--name', 'daphne'], { timeoutMs: 500_000 });
    expect(stderr.match(/daphne is booted instead of forked: .+/g)).toHaveLength(1);
    await works('daphne');
    expect(await readdir(join(home.directory, 'templates')), 'a template that failed is not kept').toEqual([]);
    await home.must(['delete', '--purge', 'daphne']);
  });
  await forks('daphne');
}

/** The template is there again afterwards. */
async function keeping(key: string, body: () => Promise<void>): Promise<void> {
  const kept = await mkdtemp('/var/tmp/hf-kept-');
  try {
    await run('cp', ['-a', '--sparse=always', join(home.directory, 'templates', key), kept]);
    await body();
    await run('cp', ['-a', '--sparse=always', join(kept, key), join(home.directory, 'templates')]);
  } finally {
    await rm(kept, { recursive: true });
  }
}

async function killed(reached: (said: () => string) => Promise<boolean>): Promise<void> {
  const before = await everything();
  let said = '';
  // Another shape than the one that is there.
  const making = home.run(['template', 'build', '--memory', '1100M'], { timeoutMs: 500_000, onOutput: (text) => { said += text; } });
  await waitFor('the making to come so far', () => reached(() => said), 300_000);
  await home.killDaemon();
  expect((await making).code).toBe(2);
  await home.must(['list']);
  expect(await everything()).toEqual(before);
  expect(await home.processes()).toHaveLength(1);
  await forks('daphne');
}

/** As after an upgrade: the same version, another file. */
async function otherQemu(): Promise<void> {
  const other = await mkdtemp('/var/tmp/hf-qemu-');
  try {
    await mkdir(join(other, 'bin'));
    await copyFile('/usr/bin/qemu-system-x86_64', join(other, 'bin/qemu-system-x86_64'));
    await utimes(join(other, 'bin/qemu-system-x86_64'), 1, 1);
    await symlink('/usr/share', join(other, 'share'));
    await home.endDaemon();
    await home.must(['list'], { env: { PATH: `${join(other, 'bin')}:${process.env['PATH']}` } });
    const before = await everything();
    const cancel = new AbortController();
    const { code } = await home.run(['launch', '--name', 'daphne'], {
      signal: cancel.signal, timeoutMs: 300_000,
      onOutput: (text) => { if (text.includes('Booting the image, for a template')) cancel.abort(); },
    });
    expect(cancel.signal.aborted, 'another template is made').toBe(true);
    expect(code).not.toBe(0);
    expect(await everything()).toEqual(before);
  } finally {
    await home.endDaemon();
    await rm(other, { recursive: true });
  }
  await forks('daphne');
}

/** A daemon that starts clears it away, unless a machine that was forked of it still runs. */
async function old(): Promise<void> {
  const [key = ''] = await readdir(join(home.directory, 'templates'));
  const aged = async (): Promise<string[]> => {
    await utimes(join(home.directory, 'templates', key, 'template.json'), 1, 1);
    await home.killDaemon();
    await home.must(['list']);
    return await readdir(join(home.directory, 'templates'));
  };
  await keeping(key, async () => {
    await home.must(['launch', '--name', 'daphne']);
    expect(await aged()).toEqual([key]);
    await works('daphne');
    await home.must(['delete', '--purge', 'daphne']);
    expect(await aged()).toEqual([]);
  });
  await forks('daphne');
}

/** All its processes are gone at once, what lay in memory with them, and the kernel says that it booted another time. */
async function rebooted(): Promise<void> {
  await home.must(['launch', '--name', 'echo']);
  await home.must(['exec', 'echo', '--', 'sudo', 'sh', '-c', 'echo remembered > /run/note']);
  await home.must(['suspend', 'echo']);
  await home.must(['launch', '--name', 'daphne']);
  const qemu = await home.qemuPid('daphne');
  await home.killDaemon();
  process.kill(qemu ?? 0, 'SIGKILL');
  await waitFor('its machine to be gone', async () => (await home.processes()).length === 0, 10_000);
  await rm(join(home.directory, 'run'), { recursive: true });
  for (const id of await readdir(join(home.directory, 'instances'))) {
    const path = join(home.directory, 'instances', id, 'machine.json');
    const { run: last, ...rest } = JSON.parse(await readFile(path, 'utf8')) as { run: object | null };
    await writeFile(path, JSON.stringify({ ...rest, run: last && { ...last, bootId: 'another' } }));
  }
  // It comes back with its host: booted, since nothing of its memory is left.
  await waitFor('daphne to come back', async () => { const { state, hold } = await home.info('daphne'); return state === 'Running' && hold === 'held'; }, 300_000);
  await home.must(['delete', '--purge', 'daphne']);
  await home.must(['start', 'echo']);
  expect((await home.must(['exec', 'echo', '--', 'cat', '/run/note'])).stdout).toBe('remembered\n');
  await home.must(['delete', '--purge', 'echo']);
  await forks('daphne');
}

async function noSpace(): Promise<void> {
  await onSmallDisk('1200M', { imagesFrom: inject('images') }, async (small) => {
    const { stderr } = await small.must(['launch', '--name', 'daphne', '--memory', '1G'], { timeoutMs: 500_000 });
    expect(stderr.match(/daphne is booted instead of forked: .* MiB left, making a template needs at least 1280 MiB/g)).toHaveLength(1);
    expect((await small.must(['exec', 'daphne', '--', 'hostname'])).stdout).toBe('daphne\n');
  });
}

async function diskFull(): Promise<void> {
  await onSmallDisk('2G', { imagesFrom: inject('images') }, async (small) => {
    let said = '';
    const launching = small.run(['launch', '--name', 'daphne'], { timeoutMs: 500_000, onOutput: (text) => { said += text; } });
    await waitFor('the template to boot', () => Promise.resolve(said.includes('Booting the image, for a template')), 60_000);
    const filler = await fill(small.directory);
    const { code, stderr } = await launching;
    await rm(filler);
    expect(code).toBe(2);
    expect(stderr).toMatch(/daphne is booted instead of forked: /);
    expect(stderr).toMatch(/MiB left, a machine needs at least/);
    expect(await small.processes()).toHaveLength(1);
    expect(await readdir(join(small.directory, 'instances'))).toEqual([]);
    expect(await readdir(join(small.directory, 'templates')).catch(() => [])).toEqual([]);
  });
}

async function forks(name: string): Promise<void> {
  const { stderr, seconds } = await home.must(['launch', '--name', name]);
  expect(stderr).not.toContain('booted instead of forked');
  process.stdout.write(`fork afterwards: ${seconds.toFixed(2)} s\n`);
  await works(name);
  await home.must(['delete', '--purge', name]);
}

async function works(name: string): Promise<void> {
  expect((await home.must(['exec', name, '--', 'hostname'])).stdout).toBe(`${name}\n`);
}

async function everything(): Promise<string[]> {
  const found = await Promise.all(['instances', 'run', 'templates'].map((directory) => readdir(join(home.directory, directory)).catch(() => [])));
  return found.flat().toSorted();
}
