/** Homes of every earlier schema, opened by today's daemon with the fake driver's machines. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { readState } from '../../src/drivers/qemu/state-file.ts';
import { AGENT_VERSION, agentBundle } from '../../src/guest/agent/bundle.ts';
import { loadAgentAssets } from '../../src/guest/agent/load-assets.ts';
import type { House } from '../../src/daemon/instances/house.ts';
import { makeSettings } from '../../src/daemon/settings/settings.ts';
import { isPassphrase } from '../../src/host/passphrase.ts';
import { openImageStore } from '../../src/images/store.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { makeFakeHome } from '../daemon/fake-home.ts';
import { AGENT_VERSIONS, frozenAgent } from './agents.ts';
import { OLD_HOMES, PASSPHRASE, PERSONAL, REMEMBERED, SETTINGS } from './schemas.ts';
import { keptOf, writeOldDatabase } from './write-home.ts';

test('there is a home for every schema: a migration comes with the home that it changes', () => {
  expect(OLD_HOMES.map(({ schema }) => schema)).toEqual(MIGRATIONS.map((_, index) => index + 1));
});

test('there are the files of every agent: those of today are frozen under their version', async () => {
  expect(AGENT_VERSIONS.at(-1)).toBe(AGENT_VERSION);
  const today = agentBundle(await loadAgentAssets(), { hostKeyPrivate: '', hostKeyPublic: '', controlPublic: '', sessionPublic: '', proxyPublic: '' });
  const keyless = today.files.filter(({ path }) => !/^\/etc\/holdfast\/(?:host_ed25519(?:\.pub)?|control\.pub|session\.pub|proxy\.pub)$/.test(path));
  // Files that changed need a new version: a guest with this one would not be renewed.
  expect(frozenAgent(AGENT_VERSION)).toEqual({ version: AGENT_VERSION, files: keyless });
});

describe.each(OLD_HOMES)('a home of schema $schema', (old) => {
  test('keeps its records, field by field, and the machine that runs', async () => {
    await using home = await makeFakeHome();
    await home.start();
    const { id } = await home.client.call('launch', { body: { name: 'apollo', image: `sha256:${home.image}`, cold: true } });
    await home.client.follow(id, () => {});
    await home.kill();
    const running = keptOf(home.directory, 'apollo');
    writeOldDatabase(home.directory, old, running);
    for (const kept of ['0000aaaa', '0000bbbb', '0000cccc']) await mkdir(join(home.directory, 'instances', kept));

    await home.start();
    const { instances } = await home.client.call('listInstances', {});
    const byName = (name: string) => instances.find((instance) => instance.name === name);
    expect(instances.map(({ name }) => name).toSorted()).toEqual(['apollo', 'archive', 'broken', 'gone']);
    expect(byName('archive')).toMatchObject(REMEMBERED.stopped);
    expect(byName('broken')).toMatchObject(REMEMBERED.crashed);
    expect(byName('gone')).toMatchObject(REMEMBERED.deleted);
    expect(byName('apollo')).toMatchObject({ id: running.id, state: 'Running', mac: running.mac, cpus: running.cpus, memoryBytes: running.memoryBytes, diskBytes: running.diskBytes });
    expect(await home.client.call('getSetting', { params: { key: REMEMBERED.setting.key } })).toMatchObject(REMEMBERED.setting);
    expect(await home.client.call('getOperation', { params: { id: REMEMBERED.operation.id } })).toMatchObject(REMEMBERED.operation);
    expect((await home.client.call('listSnapshots', {})).snapshots.map(({ name, parent, cpus }) => [name, parent, cpus])).toEqual(old.schema < 4 ? [] : [['snapshot1', null, 1], ['later', 'snapshot1', 2]]);
    const db = new DatabaseSync(join(home.directory, 'holdfast.db'), { readOnly: true });
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length });
    expect(Buffer.from(db.prepare("SELECT user_data FROM instances WHERE name = 'archive'").get()?.['user_data'] as Uint8Array).toString()).toBe(REMEMBERED.userData);
    if (old === OLD_HOMES.at(-1)) {
      for (const [key, value] of Object.entries(SETTINGS)) expect(await home.client.call('getSetting', { params: { key } })).toEqual({ key, value });
      const kept = { get: (key: string) => db.prepare('SELECT value FROM settings WHERE key = ?').get(key)?.['value'] as string | undefined };
      expect(await isPassphrase(PASSPHRASE.typed, kept.get('local.passphrase') ?? '')).toBe(true);
      const person = makeSettings({ settings: kept } as House, { id: PERSONAL.user, refuse: () => new Error() });
      expect(person.get(PERSONAL.key)).toEqual({ key: PERSONAL.key, value: PERSONAL.value });
    }
    db.close();
    const stop = await home.client.call('act', { params: { name: 'apollo' }, body: { action: 'stop' } });
    expect((await home.client.follow(stop.id, () => {})).status).toBe('done');
  });
});

describe('what a newer Holdfast wrote', () => {
  test('a machine\'s record is refused by name, and stays as it is', async () => {
    await using scratch = await mkdtempDisposable('/var/tmp/hf-upgrade-');
    const path = join(scratch.path, 'machine.json');
    for (const [text, code] of [['{"version":2,"run":null}', 'home-too-new'], ['null', 'machine-failed'], ['{"version":', 'machine-failed'], ['{"version":"1"}', 'machine-failed']] as const) {
      await writeFile(path, text);
      await expect(readState(path)).rejects.toMatchObject({ code, message: expect.stringContaining(path) as string });
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });

  test('an image with its record is no leftover', async () => {
    await using scratch = await mkdtempDisposable('/var/tmp/hf-upgrade-');
    const store = openImageStore(scratch.path);
    const [newer, leftover] = ['a'.repeat(64), 'b'.repeat(64)];
    await writeFile(join(scratch.path, `${newer}.json`), '{"version":2}');
    for (const digest of [newer, leftover]) await writeFile(join(scratch.path, `${digest}.qcow2`), 'bytes');
    await store.sweep();
    expect(await readFile(join(scratch.path, `${newer}.qcow2`), 'utf8')).toBe('bytes');
    await expect(readFile(join(scratch.path, `${leftover}.qcow2`))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await store.list()).toEqual([]);
  });
});
