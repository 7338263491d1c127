/** Mounts on a real daemon with fake machines: what is recorded, what comes back by itself, what is refused. */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WireAction, WireMountWish, WireOperation } from '../../src/api/schemas.ts';
import { MOUNT_STEPS, UNMOUNT_STEPS } from '../../src/daemon/mounts/perform.ts';
import { inGuest as runIn, makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
let source: string;
beforeEach(async () => {
  home = await makeFakeHome();
  source = join(home.directory, 'shared');
  await mkdir(source);
  await home.start();
  await follow(home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, cold: true } }));
}, 60_000);
afterEach(async () => { await home[Symbol.asyncDispose](); }, 60_000);

const LONG = { timeout: 60_000 };
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const follow = async (begun: Promise<{ id: string }>) => await home.client.follow((await begun).id, () => {});
const act = async (body: WireAction, name = 'apollo') => await follow(home.client.call('act', { params: { name }, body }));
const mount = async (more: Partial<WireMountWish> = {}) => await follow(home.client.call('mount', { params: { name: 'apollo' }, body: { source, ...more } }));
const unmount = async (target?: string) => await follow(home.client.call('unmount', { params: { name: 'apollo' }, query: target === undefined ? {} : { target } }));
const apollo = (name = 'apollo') => home.client.call('getInstance', { params: { name } });
const inGuest = async () => (await readFile(join(home.directory, 'instances', (await apollo()).id, 'mounts'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
async function until(what: readonly string[]): Promise<void> {
  for (const end = performance.now() + 15_000; performance.now() < end; await new Promise((resolve) => { setTimeout(resolve, 50); })) {
    if (JSON.stringify((await inGuest()).toSorted()) === JSON.stringify(what)) return;
  }
  expect((await inGuest()).toSorted()).toEqual(what);
}

test('a mount is in the guest at once, and after a stop, a start and a daemon that was killed', LONG, async () => {
  expect((await mount()).error).toBeNull();
  expect((await apollo()).mounts).toEqual([{ source, target: '/home/ubuntu/shared', uidMap: [`${uid}:default`], gidMap: [`${gid}:default`] }]);
  expect(await inGuest()).toEqual(['/home/ubuntu/shared']);
  await act({ action: 'stop' });
  await act({ action: 'start' });
  await until(['/home/ubuntu/shared']);
  await home.kill();
  await home.start();
  await until(['/home/ubuntu/shared']);
  expect((await unmount('shared')).error).toBeNull();
  expect([(await apollo()).mounts, await inGuest()]).toEqual([undefined, []]);
});

test('a command begins in the counterpart of the directory that it is asked from, where a mount has one, and in one that is named before it', LONG, async () => {
  await mount({ target: '/srv/data' });
  const begun = async (where: { cwd?: string; from?: string }) => await runIn(home, 'apollo', ['pwd'], '', where);
  expect(await begun({ from: source })).toBe('/srv/data\n');
  expect(await begun({ from: join(source, 'src/cli') })).toBe('/srv/data/src/cli\n');
  expect(await begun({ from: `${source}-other` })).toBe('/home/ubuntu\n');
  expect(await begun({ from: source, cwd: '/tmp' })).toBe('/tmp\n');
});

test('in one that is stopped it is recorded, and comes with its start', LONG, async () => {
  await act({ action: 'stop' });
  expect((await mount({ target: '/srv/data', uidMap: ['0:33'], gidMap: ['0:34', '1:default'] })).error).toBeNull();
  expect((await apollo()).mounts).toEqual([{ source, target: '/srv/data', uidMap: ['0:33'], gidMap: ['0:34', '1:default'] }]);
  await act({ action: 'start' });
  await until(['/srv/data']);
  await mount();
  await until(['/home/ubuntu/shared', '/srv/data']);
  await unmount();
  await until([]);
});

test('one below another comes after it, and again where the other one comes over it', LONG, async () => {
  const sub = join(source, 'sub');
  await mkdir(sub);
  await mount({ source: sub, target: '/srv/data/sub' });
  await mount({ target: '/srv/data' });
  const lastTwo = async (): Promise<readonly string[]> => (await inGuest()).slice(-2);
  await expect.poll(lastTwo, { timeout: 15_000 }).toEqual(['/srv/data', '/srv/data/sub']);
  await act({ action: 'stop' });
  await act({ action: 'start' });
  await expect.poll(lastTwo, { timeout: 15_000 }).toEqual(['/srv/data', '/srv/data/sub']);
});

test('snapshots and clones have the mounts of then', LONG, async () => {
  await act({ action: 'stop' });
  await mount();
  await follow(home.client.call('takeSnapshot', { params: { name: 'apollo' }, body: {} }));
  await unmount();
  await follow(home.client.call('clone', { params: { name: 'apollo' }, body: {} }));
  expect((await apollo('apollo-clone1')).mounts).toBeUndefined();
  expect((await home.client.call('listSnapshots', {})).snapshots[0]?.mounts?.[0]?.target).toBe('/home/ubuntu/shared');
  await follow(home.client.call('restoreSnapshot', { params: { name: 'apollo', snapshot: 'snapshot1' }, body: { destructive: true } }));
  await follow(home.client.call('clone', { params: { name: 'apollo' }, body: { name: 'twin' } }));
  expect([(await apollo()).mounts, (await apollo('twin')).mounts]).toEqual([expect.any(Array), (await apollo()).mounts]);
});

test('a native mount is defined and taken away while its instance is stopped, and is there from its start on', LONG, async () => {
  await expect(mount({ type: 'native' })).rejects.toThrow('A native mount can only be defined while its instance is stopped: apollo is Running');
  await act({ action: 'stop' });
  await expect(mount({ type: 'native', uidMap: [`${uid}:1`, '7:2'] })).rejects.toThrow('A native mount takes one UID map');
  await expect(mount({ type: 'native', gidMap: [`${gid + 1}:1`] })).rejects.toThrow(`A native mount maps your own GID only, which is ${gid}`);
  expect((await mount({ type: 'native', gidMap: [`${gid}:33`] })).error).toBeNull();
  expect((await mount({ target: 'classic' })).error).toBeNull();
  expect((await apollo()).mounts?.[0]).toEqual({ source, target: '/home/ubuntu/shared', uidMap: [`${uid}:1000`], gidMap: [`${gid}:33`], type: 'native' });
  expect(await inGuest()).toEqual([]);
  await act({ action: 'start' });
  await until(['/home/ubuntu/classic', '/home/ubuntu/shared']);
  const message = 'A native mount can only be taken away while its instance is stopped: apollo is Running (native: /home/ubuntu/shared)';
  await expect(unmount('shared')).rejects.toMatchObject({ message, hint: 'stop it first: holdfast stop apollo' });
  await expect(unmount()).rejects.toMatchObject({ message, hint: 'stop it first: holdfast stop apollo; or take away only the others now: holdfast umount apollo:/home/ubuntu/classic' });
  expect(await inGuest()).toHaveLength(2);
  expect((await unmount('classic')).error).toBeNull();
  const forget = async () => await rm(join(home.directory, 'instances', (await apollo()).id, 'mounts'));
  await forget();
  await act({ action: 'restart' });
  await until(['/home/ubuntu/shared']);
  await forget();
  await home.kill();
  await home.start();
  await until(['/home/ubuntu/shared']);
  await act({ action: 'stop' });
  expect((await unmount()).error).toBeNull();
  expect((await apollo()).mounts).toBeUndefined();
});

test('with a native mount no state is saved, and where mounts are switched off there is none', LONG, async () => {
  await act({ action: 'stop' });
  await mount({ type: 'native' });
  await act({ action: 'start' });
  const { error } = await act({ action: 'suspend' });
  expect(error?.message).toContain('apollo cannot be suspended: it has native mounts (/home/ubuntu/shared)');
  expect((await apollo()).state).toBe('Running');
  await expect(follow(home.client.call('takeSnapshot', { params: { name: 'apollo' }, body: { live: true } }))).rejects.toThrow('apollo cannot be kept with its memory');
  await act({ action: 'stop' });
  await home.client.call('putSetting', { params: { key: 'local.privileged-mounts' }, body: { value: 'false' } });
  await rm(join(home.directory, 'instances', (await apollo()).id, 'mounts'), { force: true });
  await act({ action: 'start' });
  expect(await inGuest()).toEqual([]);
});

test('what cannot be mounted is refused, and nothing of it is recorded', LONG, async () => {
  await writeFile(join(source, 'file'), '');
  await symlink('/nowhere', join(source, 'dangling'));
  await mount();
  await expect(mount({ target: 'shared/' })).rejects.toThrow('"/home/ubuntu/shared" is already mounted in \'apollo\'');
  await expect(mount({ source: join(source, 'file') })).rejects.toThrow(`Source path "${join(source, 'file')}" is not a directory`);
  await expect(mount({ source: join(source, 'dangling') })).rejects.toThrow('does not exist');
  await expect(mount({ source: 'shared' })).rejects.toThrow('is not absolute');
  for (const target of ['/', '/proc/x', '/home', '/home/ubuntu']) await expect(mount({ target })).rejects.toThrow(`unable to mount to "${target}"`);
  await expect(mount({ target: 'b', uidMap: ['1:2', '1:3'] })).rejects.toThrow('Mount cannot apply mapping with duplicate ids');
  await expect(mount({ target: 'b', gidMap: ['x'] })).rejects.toThrow('Invalid GID map given: x');
  await expect(unmount('/srv')).rejects.toThrow('path "/srv" is not mounted in \'apollo\'');
  await expect(home.client.call('mount', { params: { name: 'nobody' }, body: { source } })).rejects.toThrow('instance \'nobody\' does not exist');
  await home.client.call('putSetting', { params: { key: 'local.privileged-mounts' }, body: { value: 'false' } });
  await expect(mount({ target: 'b' })).rejects.toThrow('Mounts are disabled on this installation of Holdfast.');
  expect((await apollo()).mounts).toHaveLength(1);
});

const faults = async (what: object) => await writeFile(join(home.directory, 'instances', (await apollo()).id, 'faults.json'), JSON.stringify(what));
const beginMount = async () => await home.client.call('mount', { params: { name: 'apollo' }, body: { source } });
async function startWithoutAnswer(): Promise<void> {
  expect((await act({ action: 'start', timeoutSeconds: 1 })).error?.code).toBe('too-slow');
}

test('in a guest that is not held a mount is given up after half a minute, saying why, and ends at once with its instance', { timeout: 120_000 }, async () => {
  await act({ action: 'stop' });
  await faults({ bootMs: 600_000 });
  await startWithoutAnswer();
  const error = { code: 'guest-unreachable', message: 'nothing can be mounted in apollo now: waiting for the guest', hint: 'see what is wrong: holdfast doctor apollo; then mount again' };
  expect((await mount()).error).toEqual(error);
  expect((await apollo()).mounts).toBeUndefined();
  const called = await beginMount();
  await expect(act({ action: 'stop' })).rejects.toMatchObject({ code: 'instance-busy', hint: 'wait for it to end, or call it off: holdfast stop --force apollo' });
  expect((await act({ action: 'stop', force: true })).error).toBeNull();
  expect(await home.client.follow(called.id, () => {})).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
  expect([(await apollo()).state, (await apollo()).mounts]).toEqual(['Stopped', undefined]);
  await startWithoutAnswer();
  const closed = await beginMount();
  await follow(home.client.call('changeZones', { body: { zones: ['zone1'], available: false } }));
  expect((await home.client.follow(closed.id, () => {})).status).toBe('cancelled');
});

test('a mount whose guest installs sshfs for ever is called off by a delete, and by who asked for it', LONG, async () => {
  await faults({ installsForEver: true });
  const { id } = await beginMount();
  const stages: string[] = [];
  await home.client.follow(id, ({ stage }) => { stages.push(stage); if (stage.startsWith('Installing')) void home.client.cancel(id); });
  expect(stages).toContain('Installing sshfs in apollo');
  expect((await apollo()).mounts).toBeUndefined();
  await faults({});
  expect((await mount()).error).toBeNull();
  await unmount();
  await faults({ installsForEver: true });
  await beginMount();
  expect((await act({ action: 'delete', purge: true })).error).toBeNull();
});

async function interrupted(dieAt: string, begin: () => Promise<WireOperation>, meanwhile: () => Promise<void> = async () => {}): Promise<WireOperation> {
  await home.kill();
  await home.start(dieAt);
  const { id } = await begin();
  await home.died();
  await meanwhile();
  await home.start();
  return await home.client.follow(id, () => {});
}

test.each(MOUNT_STEPS.map((step) => [step]))('a mount whose daemon is killed at %s is there when its operation ends', LONG, async (step) => {
  expect((await interrupted(`mount:${step}`, beginMount)).error).toBeNull();
  expect([(await apollo()).mounts?.length, await inGuest()]).toEqual([1, ['/home/ubuntu/shared']]);
});

test.each(UNMOUNT_STEPS.map((step) => [step]))('an unmount whose daemon is killed at %s has taken it away when its operation ends', LONG, async (step) => {
  await mount();
  await mount({ target: 'stays' });
  expect((await interrupted(`umount:${step}`, () => home.client.call('unmount', { params: { name: 'apollo' }, query: { target: 'shared' } }))).error).toBeNull();
  expect((await apollo()).mounts?.map(({ target }) => target)).toEqual(['/home/ubuntu/stays']);
  await until(['/home/ubuntu/stays']);
});

test('where the machine ended with the daemon that was mounting, it is crashed, and comes with the mount when it is started', LONG, async () => {
  const ended = await interrupted('mount:attach', beginMount, async () => {
    for (const line of await home.processes()) if (line.includes('machine-process')) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
  });
  expect(ended.error).toBeNull();
  expect([(await apollo()).state, (await apollo()).mounts?.length]).toEqual(['Crashed', 1]);
  await act({ action: 'start' });
  await until(['/home/ubuntu/shared']);
});
