import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockHome } from './home-lock.ts';
import { openDb } from './db.ts';
import { instanceStore, type InstanceRecord } from './instances.ts';
import { MIGRATIONS } from './migrations.ts';

let directory = '';
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'holdfast-store-')); });
afterEach(() => rmSync(directory, { recursive: true }));

const record: InstanceRecord = {
  instance: {
    id: '00c0ffee', name: 'apollo', architecture: 'x86_64', node: 'here', owner: 0, zone: 'zone1',
    spec: { cpus: 1, memoryBytes: 2 ** 30, diskBytes: 5 * 2 ** 30, imageDigest: 'd', imageFormat: 'qcow2', mac: '52:54:00:00:00:01', subnetIndex: 0 },
    image: { name: 'debian', os: 'Debian', release: '12' }, createdAt: '2026-01-01T00:00:00Z',
  },
  timezone: 'Etc/UTC', userData: new Uint8Array([35, 33, 0, 255]),
  wanted: { running: true, deleted: false }, observed: { state: 'Starting', reason: null, at: '2026-01-01T00:00:00Z' },
};

test('an instance comes back from the file as it was put in', () => {
  const path = join(directory, 'state.db');
  { using db = openDb(path); instanceStore(db).insert(record); }
  using again = openDb(path);
  const [read] = instanceStore(again).all();
  expect(read).toEqual(record);
});

test('a name is given once only', () => {
  using db = openDb(':memory:');
  instanceStore(db).insert(record);
  expect(() => instanceStore(db).insert({ ...record, instance: { ...record.instance, id: '00c0ffef' } })).toThrow(/UNIQUE/);
  expect(instanceStore(db).all()).toHaveLength(1);
});

test('a home written by a newer version is refused and left alone', () => {
  const path = join(directory, 'state.db');
  { using db = openDb(path); db.run(`PRAGMA user_version = ${MIGRATIONS.length + 1}`); }
  expect(() => openDb(path)).toThrow(/newer Holdfast/);
});

test('a second daemon on the same home is refused, and a later one is let in', () => {
  const path = join(directory, 'lock.db');
  { using _held = lockHome(path); expect(() => lockHome(path)).toThrow(/already serves this home/); }
  using _next = lockHome(path);
});

test('a full disk is called so, and what was begun is rolled back', () => {
  using db = openDb(join(directory, 'state.db'));
  db.get(`PRAGMA max_page_count = ${String(db.get('PRAGMA page_count')?.['page_count'])}`);
  const large = { ...record, userData: new Uint8Array(1 << 20) };
  expect(() => instanceStore(db).insert(large)).toThrow(expect.objectContaining({ code: 'no-space' }));
  expect(instanceStore(db).all()).toEqual([]);
  instanceStore(db).insert(record);
});

test.runIf(process.getuid?.() === 0)('on a disk without a byte left small things are written for long yet: an instance can be deleted', () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4M', 'hf-test', directory]);
  try {
    using db = openDb(join(directory, 'state.db'));
    const store = instanceStore(db);
    store.insert(record);
    expect(() => writeFileSync(join(directory, 'filler'), Buffer.alloc(4 * 2 ** 20))).toThrow('ENOSPC');
    for (let turn = 0; turn < 500; turn += 1) store.setObserved(record.instance.id, { state: 'Running', reason: `turn ${turn}`, at: record.observed.at });
    expect(() => store.insert({ ...record, instance: { ...record.instance, id: '00c0ffef', name: 'large' }, userData: new Uint8Array(2 ** 20) })).toThrow(expect.objectContaining({ code: 'no-space' }));
    store.remove(record.instance.id);
    expect(store.all()).toEqual([]);
  } finally {
    execFileSync('umount', [directory]);
  }
});

test('nobody else may read what is kept, nor lock the home', () => {
  const path = join(directory, 'state.db');
  using db = openDb(path);
  instanceStore(db).insert(record);
  using _lock = lockHome(join(directory, 'daemon.lock'));
  const modes = readdirSync(directory).filter((name) => !name.endsWith('-journal')).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);
  expect(modes).toEqual([['daemon.lock', 0o600], ['state.db', 0o600], ['state.db-shm', 0o600], ['state.db-wal', 0o600]]);
});

test('a lock that cannot be opened is a home that cannot be used', () => {
  mkdirSync(join(directory, 'daemon.lock'));
  expect(() => lockHome(join(directory, 'daemon.lock'))).toThrow(expect.objectContaining({ code: 'home-unusable' }));
});
