/** The doctor over the API, on fake machines with ailments: the first broken layer is named, and --fix mends what can be mended. */
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WireDiagnosis } from '../../src/api/doctor-schemas.ts';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
const params = { name: 'apollo' };
const ail = async (faults: object): Promise<void> => {
  const [id = ''] = await home.traces();
  await writeFile(join(home.directory, 'instances', id, 'faults.json'), JSON.stringify(faults));
};
const act = async (action: 'start' | 'stop', force = false): Promise<void> => {
  const { id } = await home.client.call('act', { params, body: { action, ...(force ? { force } : {}) } });
  await home.client.follow(id, () => {});
};
const diagnose = (): Promise<WireDiagnosis> => home.client.call('diagnoseInstance', { params });
const mend = (): Promise<WireDiagnosis> => home.client.call('mendInstance', { params });
const statusOf = ({ checks }: WireDiagnosis, id: string) => checks.find((check) => check.id === id);

beforeAll(async () => {
  home = await makeFakeHome();
  await home.start();
  await home.client.follow((await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}` } })).id, () => {});
}, 60_000);
afterAll(async () => { await home[Symbol.asyncDispose](); }, 60_000);
beforeEach(async () => { await ail({}); });

test('of a sound instance nothing is broken, and no fix is made', async () => {
  const diagnosis = await mend();
  expect(diagnosis.checks.filter(({ status }) => status !== 'ok' && status !== 'skipped')).toEqual([]);
  expect(diagnosis).toMatchObject({ instance: 'apollo', cause: null, fixes: [] });
  expect(diagnosis.checks.map(({ layer }) => layer)).toEqual(expect.arrayContaining(['machine', 'way-in', 'python', 'doorman', 'lanes', 'link', 'address', 'dns', 'sshd', 'cloud-init', 'clock']));
});

test.each([
  ['python', 'python', ['agent', 'doorman', 'lanes', 'cloud-init']],
  ['no sshd', 'private-sshd', ['lanes']],
  ['doorman', 'doorman', ['lanes']],
  ['users\' ssh door', 'doorman', ['lanes']],
  ['bulk lane', 'lanes', []],
  ['no card', 'link', ['address', 'route', 'dns']],
  ['link down', 'link', ['address', 'route', 'dns']],
  ['no address', 'address', ['route', 'dns']],
  ['another\'s lease', 'address', ['route', 'dns']],
  ['no route', 'route', []],
  ['dns', 'dns', []],
  ['sshd', 'sshd', []],
  ['sshd\'s directory', 'sshd', []],
  ['clock', 'clock', []],
] as const)('%s ails: it is named, what depends on it is skipped because of it, and --fix mends it', async (ailment, cause, skipped) => {
  await ail({ ails: [ailment] });
  const before = await diagnose();
  expect(before.cause).toBe(cause);
  expect(statusOf(before, cause)).toMatchObject({ status: 'broken', fixable: true, remedy: expect.any(String) });
  const title = statusOf(before, cause)?.title;
  for (const id of skipped) expect(statusOf(before, id)).toMatchObject({ status: 'skipped', seen: `because of: ${title}` });
  const after = await mend();
  expect(after).toMatchObject({ cause: null, fixes: [{ check: cause, good: true }] });
  expect((await diagnose()).cause).toBeNull();
});

test.each([
  ['monitor', 'monitor', 'no answer within', 'see what the daemon says of it', ['way-in', 'python', 'lanes', 'link', 'clock']],
  ['a key', 'agent', '/etc/holdfast/control.pub missing', 'put back at its next boot', ['doorman', 'lanes']],
  ['the lanes\' sshd', 'private-sshd', 'Bad configuration option', 'put Holdfast\'s files back', ['lanes']],
  ['plug pulled', 'link', 'has no carrier', 'holdfast stop apollo, then holdfast start apollo', ['address', 'route', 'dns']],
  ['static elsewhere', 'address', 'enp1s0 has 192.168.68.20; the host\'s network gave it', 'somebody made it static', ['route', 'dns']],
  ['neighbour', 'neighbour', 'another card', 'ip neighbour', []],
  ['cloud-init', 'cloud-init', 'it ended with an error: it broke', 'cloud-init-output.log', []],
] as const)('%s: named, with what to do, and what depends on it is skipped; --fix has none for it and does nothing', async (ailment, cause, seen, remedy, skipped) => {
  await ail({ ails: [ailment] });
  const diagnosis = await mend();
  expect(diagnosis).toMatchObject({ cause, fixes: [] });
  expect(statusOf(diagnosis, cause)).toMatchObject({ status: 'broken', fixable: false, seen: expect.stringContaining(seen), remedy: expect.stringContaining(remedy) });
  expect(diagnosis.checks.filter(({ status }) => status === 'broken').map(({ id }) => id)).toEqual([cause]);
  for (const id of skipped) expect(statusOf(diagnosis, id)).toMatchObject({ status: 'skipped', seen: `because of: ${statusOf(diagnosis, cause)?.title}` });
});

test('what the home\'s network lacks on the host is the cause of what the guest lacks for it, and nothing is tried in the guest', async () => {
  const said = join(home.directory, 'host-network.json');
  await writeFile(said, JSON.stringify({ trouble: { seen: 'it lacks its dnsmasq, and cannot be repaired: no', remedy: 'see: ss -lnp', lasts: true } }));
  await ail({ ails: ['no address', 'dns'] });
  const diagnosis = await mend();
  const host = await home.client.call('diagnoseHost', {});
  await rm(said);
  expect(diagnosis).toMatchObject({ cause: 'home-network', fixes: [] });
  for (const id of ['address', 'route', 'dns']) expect(statusOf(diagnosis, id)).toMatchObject({ status: 'skipped', seen: 'because of: the home\'s network' });
  expect(statusOf(diagnosis, 'link')).toMatchObject({ status: 'ok' });
  expect(statusOf(host, 'home-network')).toMatchObject({ status: 'broken', remedy: 'see: ss -lnp' });
});

test('a directory of sshd\'s that is missing is no break where whoever starts it makes it', async () => {
  await ail({ ails: ['the lanes\' sshd\'s directory'] });
  expect((await diagnose()).cause).toBeNull();
  await ail({ ails: ['sshd', 'sshd\'s directory'] });
  expect(statusOf(await diagnose(), 'sshd')).toMatchObject({ status: 'broken', seen: 'ssh.service does not run: inactive (dead)' });
});

test('what a boot has not brought yet is no break, is not mended, and what needs it waits too', async () => {
  await ail({ ails: ['boot', 'sshd', 'doorman'] });
  const early = await diagnose();
  expect(early.cause).toBe('doorman');
  expect(statusOf(early, 'sshd')).toMatchObject({ status: 'warn', fixable: false, seen: 'so far: ssh.service does not run: inactive (dead) (it has been booting for 4 s)' });
  await ail({ ails: ['boot for ever', 'sshd'] });
  expect(statusOf(await diagnose(), 'sshd')).toMatchObject({ status: 'broken', fixable: true });
});

test('two at once are mended in the order of their layers; meanwhile another operation is refused, and examining is not', { timeout: 30_000 }, async () => {
  await ail({ ails: ['dns', 'doorman'] });
  const mending = mend();
  await expect.poll(async () => await act('start').then(() => 'started', (error: { code?: string }) => error.code)).toBe('instance-busy');
  expect((await diagnose()).instance).toBe('apollo');
  const { cause, fixes } = await mending;
  expect([cause, fixes.map(({ check, good }) => [check, good])]).toEqual([null, [['doorman', true], ['dns', true]]]);
});

test('a remedy that could lose data is told and not done', async () => {
  await ail({ ails: ['disk'] });
  const { cause, checks, fixes } = await mend();
  expect([cause, fixes]).toEqual(['system', []]);
  expect(statusOf({ checks } as WireDiagnosis, 'system')).toMatchObject({ seen: 'its disk is full', fixable: false, remedy: expect.stringContaining('apt-get clean') });
  expect(JSON.parse(await readFile(join(home.directory, 'instances', (await home.traces())[0] ?? '', 'faults.json'), 'utf8'))).toEqual({ ails: ['disk'] });
});

test('a machine that was stopped by a signal is the cause, not the guest that is silent for it; --fix lets it go on', async () => {
  const pid = (JSON.parse(await readFile(join(home.directory, 'instances', (await home.traces())[0] ?? '', 'fake.json'), 'utf8')) as { pid: number }).pid;
  process.kill(pid, 'SIGSTOP');
  // The signal is under way for a moment.
  await expect.poll(async () => /\) T /.test(await readFile(`/proc/${pid}/stat`, 'latin1')), { timeout: 5_000 }).toBe(true);
  const before = await diagnose();
  expect([before.cause, statusOf(before, 'way-in')?.status]).toEqual(['process', 'skipped']);
  expect(await mend()).toMatchObject({ cause: null, fixes: [{ check: 'process', good: true }] });
});

test('a guest that is silent is found out within 15 s, and nobody waits for it meanwhile', { timeout: 30_000 }, async () => {
  await ail({ lane: 'silent' });
  const startedAt = performance.now();
  const examining = diagnose();
  const listedAt = performance.now();
  await home.client.call('listInstances', {});
  expect(performance.now() - listedAt).toBeLessThan(1_000);
  const { cause, checks } = await examining;
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(cause).toBe('way-in');
  expect(statusOf({ checks } as WireDiagnosis, 'lanes')).toMatchObject({ status: 'skipped', seen: 'because of: a way in' });
});

test('of one that is stopped nothing is looked at, and nothing is broken', async () => {
  await act('stop', true);
  expect(await diagnose()).toMatchObject({ cause: null, checks: [{ id: 'state', status: 'skipped' }] });
  await act('start');
});

test('the host: the home, its modes, its disk and the driver; a wrong mode is mended', async () => {
  const images = join(home.directory, 'images');
  const { mode } = await stat(images);
  await chmod(images, 0o777);
  const before = await home.client.call('diagnoseHost', {});
  expect(before).toMatchObject({ instance: null, cause: 'modes' });
  expect(before.checks.map(({ id }) => id)).toEqual(expect.arrayContaining(['daemon', 'home', 'disk', 'image-tools', 'signatures', 'fake']));
  const after = await home.client.call('mendHost', {});
  expect(after).toMatchObject({ cause: null, fixes: [{ check: 'modes', good: true }] });
  expect((await stat(images)).mode).toBe(mode);
});

test('what it leaves behind is nothing', async () => {
  expect((await readdir(home.directory)).filter((name) => /doctor|try/.test(name))).toEqual([]);
});

test('one that is not there is said so', async () => {
  await expect(home.client.call('diagnoseInstance', { params: { name: 'zeus' } })).rejects.toMatchObject({ code: 'instance-not-found' });
});
