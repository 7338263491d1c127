/** Settings through a real daemon with fake machines: every key, what it takes, and the words when it does not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFakeHome, type FakeHome } from './fake-home.ts';

let home: FakeHome;
const get = async (key: string): Promise<string> => (await home.client.call('getSetting', { params: { key } })).value;
const set = async (key: string, value: string): Promise<string> => (await home.client.call('putSetting', { params: { key }, body: { value } })).value;
const keys = async (): Promise<string[]> => (await home.client.call('listSettings', {})).settings.map(({ key }) => key);
const done = async (begun: Promise<{ id: string }>) => expect((await home.client.follow((await begun).id, () => {})).error).toBeNull();

beforeAll(async () => {
  home = await makeFakeHome();
  await home.start();
}, 60_000);
afterAll(() => home[Symbol.asyncDispose](), 60_000);

const MULTIPASS = ['client.primary-name', 'local.bridged-network', 'local.driver', 'local.image.mirror', 'local.passphrase', 'local.privileged-mounts'];

test('without instances there are Multipass\'s keys, sorted, with Holdfast\'s own among them', async () => {
  const all = await keys();
  expect(all.filter((key) => MULTIPASS.includes(key))).toEqual(MULTIPASS);
  expect(all).toEqual(all.toSorted());
  expect(await Promise.all(MULTIPASS.map(get))).toEqual(['primary', '', 'qemu', '', 'false', 'true']);
});

test.each([
  ['client.primary-name', 'apollo', 'apollo'], ['client.primary-name', '', ''], ['client.primary-name', 'primary', 'primary'],
  ['local.driver', 'fake', 'fake'], ['local.bridged-network', 'nowhere', 'nowhere'], ['local.bridged-network', '', ''],
  ['local.image.mirror', 'https://mirror.example/ubuntu', 'https://mirror.example/ubuntu/'], ['local.image.mirror', 'http://127.0.0.1:8080/', 'http://127.0.0.1:8080/'],
  ['local.image.mirror', '', ''], ['local.passphrase', 'correct horse', 'true'], ['local.passphrase', '', 'false'],
  ['local.privileged-mounts', 'off', 'false'], ['local.privileged-mounts', 'YES', 'true'], ['local.privileged-mounts', '0', 'false'], ['local.privileged-mounts', '1', 'true'],
  ['local.privileged-mounts', 'no', 'false'], ['local.privileged-mounts', 'on', 'true'], ['local.templates', 'off', 'false'], ['local.templates', 'true', 'true'],
  ['local.translation-buffer', '128M', '128.0MiB'], ['local.translation-buffer', '1GiB', '1.0GiB'], ['local.translation-buffer', 'auto', 'auto'],
])('%s takes %j and shows %j', async (key, value, shown) => {
  expect(await set(key, value)).toBe(shown);
  expect(await get(key)).toBe(shown);
});

test.each([
  ['client.primary-name', '-x'], ['client.primary-name', 'a b'], ['local.driver', 'lxd'], ['local.image.mirror', 'http://mirror.example/'], ['local.image.mirror', 'mirror.example'],
  ['local.privileged-mounts', 'maybe'], ['local.privileged-mounts', ''], ['local.network', 'none'],
  ['local.translation-buffer', '15M'], ['local.translation-buffer', '1025M'], ['local.translation-buffer', 'much'], ['local.translation-buffer', ''],
])('%s does not take %j', async (key, value) => {
  const before = await get(key);
  await expect(set(key, value)).rejects.toMatchObject({ code: 'bad-setting', message: expect.stringContaining(`Invalid setting '${key}=${value}': `) });
  expect(await get(key)).toBe(before);
});

test.each(['nope', 'local.', 'local.ghost.cpus', 'client.gui.autostart', 'constructor', '__proto__'])('%s is no key', async (key) => {
  await expect(get(key)).rejects.toMatchObject({ code: 'unknown-setting', message: `Unrecognized settings key: '${key}'` });
  await expect(set(key, '1')).rejects.toMatchObject({ code: 'unknown-setting' });
});

test('an instance has its own, changed while it is stopped', { timeout: 60_000 }, async () => {
  await done(home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, cold: true } }));
  expect((await keys()).filter((key) => key.includes('apollo'))).toEqual(['autostart', 'bridged', 'cpus', 'disk', 'memory'].map((what) => `local.apollo.${what}`));
  await expect(set('local.apollo.cpus', '2')).rejects.toMatchObject({
    message: 'Cannot update instance settings; instance: apollo; reason: Instance must be stopped for modification', hint: 'stop it: holdfast stop apollo',
  });
  await done(home.client.call('act', { params: { name: 'apollo' }, body: { action: 'stop' } }));
  expect([await set('local.apollo.cpus', '2'), await set('local.apollo.memory', '2G'), await set('local.apollo.disk', '6.5g')]).toEqual(['2', '2.0GiB', '6.5GiB']);
  for (const [what, value] of [['cpus', '0'], ['cpus', 'two'], ['memory', '511M'], ['memory', '1CiG'], ['disk', '6G'], ['bridged', 'false'], ['bridged', 'maybe']] as const) {
    await expect(set(`local.apollo.${what}`, value)).rejects.toMatchObject({ code: 'bad-setting', message: expect.stringContaining(`Invalid setting 'local.apollo.${what}=${value}': `) });
  }
});

test('bridged gives a card on the network that is chosen, once', async () => {
  await expect(set('local.apollo.bridged', 'true')).rejects.toMatchObject({ message: 'no network is chosen for "bridged"' });
  await set('local.bridged-network', 'br0');
  const cards = async () => (await home.client.call('getInstance', { params: { name: 'apollo' } })).cards?.map(({ network }) => network);
  expect([await get('local.apollo.bridged'), await set('local.apollo.bridged', 'true'), await set('local.apollo.bridged', 'yes')]).toEqual(['false', 'true', 'true']);
  expect(await cards()).toEqual(['br0']);
});

test('no card is given to what is saved', { timeout: 60_000 }, async () => {
  await done(home.client.call('launch', { body: { name: 'saved', image: `sha256:${home.image}`, cold: true } }));
  await done(home.client.call('act', { params: { name: 'saved' }, body: { action: 'suspend' } }));
  await expect(set('local.saved.bridged', 'true')).rejects.toMatchObject({
    code: 'wrong-state', message: 'Cannot update instance settings; instance: saved; reason: Instance must be stopped for modification',
  });
});

test('they outlive the daemon, and the passphrase is kept in no readable form', async () => {
  await set('local.passphrase', 'correct horse');
  await home.kill();
  await home.start();
  expect([await get('local.passphrase'), await get('local.bridged-network'), await get('local.apollo.memory')]).toEqual(['true', 'br0', '2.0GiB']);
});
