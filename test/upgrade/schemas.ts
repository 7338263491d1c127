/**
 * Homes as each released schema wrote them. The text is frozen: it is what is on people's disks, not what today's code
 * would write. How to add one is told in docs/decisions/upgrades.md.
 */

/** A machine that is there (so that a daemon can take it over), under the record that the older Holdfast had of it. */
export interface Kept {
  readonly id: string;
  readonly name: string;
  readonly imageDigest: string;
  readonly mac: string;
  readonly subnetIndex: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly format: 'qcow2' | 'raw';
}

export interface OldHome {
  /** The number in `user_version`, and how many migrations there were. */
  readonly schema: number;
  /** @returns SQL that makes the whole database */
  readonly database: (running: Kept) => string;
}

/** What every old home has beside the running machine, as an API of today must tell it. */
export const REMEMBERED = {
  stopped: {
    id: '0000aaaa', name: 'archive', state: 'Stopped', reason: null, architecture: 'x86_64', cpus: 2, memoryBytes: 1073741824, diskBytes: 5368709120,
    mac: '52:54:00:0a:0b:0c', createdAt: '2026-11-20T10:00:00.000Z', zone: { name: 'zone1', available: true },
    image: { name: 'local:debian', os: 'Debian', release: '12 (bookworm)', digest: 'd'.repeat(64) },
  },
  crashed: { id: '0000bbbb', name: 'broken', state: 'Crashed', reason: 'Kernel panic - not syncing: Attempted to kill init!' },
  deleted: { id: '0000cccc', name: 'gone', state: 'Deleted', reason: null },
  setting: { key: 'local.templates', value: 'false' },
  operation: { id: '11111111-2222-3333-4444-555555555555', kind: 'launch', instance: 'archive', status: 'done', result: { name: 'archive', zone: 'zone1' } },
  userData: '#cloud-config\npackages: [git]\n',
} as const;

/** As a daemon kept it, and what was typed. */
export const PASSPHRASE = { typed: 'correct horse', hash: 'scrypt:16384:8:1:y2ZXxe9jejopGAKRyXma4g==:nkLj/J1w5j08ShhwpO6oI2KxfoE+nTOboevJX0kQttk=' } as const;

/** What the newest home says of settings, as `get` must show them: all that Multipass has, and what is one person's. */
export const SETTINGS = {
  'client.primary-name': 'main', 'local.bridged-network': 'br0', 'local.driver': 'qemu', 'local.image.mirror': 'https://mirror.example/cloud-images/',
  'local.passphrase': 'true', 'local.privileged-mounts': 'false',
  'local.archive.autostart': 'true', 'local.archive.bridged': 'true', 'local.archive.cpus': '2', 'local.archive.disk': '5.0GiB', 'local.archive.memory': '1.0GiB',
  'local.archive.snapshot1.name': 'snapshot1', 'local.archive.snapshot1.comment': 'as it was', 'local.archive.later.name': 'later', 'local.archive.later.comment': '',
} as const;
export const PERSONAL = { user: '1000', key: 'client.primary-name', value: 'mine' } as const;

const SCHEMA_1: OldHome = {
  schema: 1,
  database: (vm) => `
CREATE TABLE instances (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     architecture TEXT NOT NULL,
     node TEXT NOT NULL,
     owner INTEGER NOT NULL,
     zone TEXT NOT NULL,
     spec TEXT NOT NULL,
     image TEXT NOT NULL,
     timezone TEXT NOT NULL,
     user_data BLOB,
     created_at TEXT NOT NULL
   ) STRICT;
CREATE TABLE wanted (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     running INTEGER NOT NULL,
     deleted INTEGER NOT NULL
   ) STRICT;
CREATE TABLE observed (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     state TEXT NOT NULL,
     reason TEXT,
     at TEXT NOT NULL
   ) STRICT;
CREATE TABLE operations (
     id TEXT PRIMARY KEY,
     kind TEXT NOT NULL,
     instance TEXT,
     step TEXT NOT NULL,
     status TEXT NOT NULL,
     request TEXT NOT NULL,
     record TEXT NOT NULL,
     started_at TEXT NOT NULL
   ) STRICT;
CREATE INDEX operations_by_status ON operations(status, started_at);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO instances VALUES
  ('${vm.id}', '${vm.name}', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":${vm.cpus},"memoryBytes":${vm.memoryBytes},"diskBytes":${vm.diskBytes},"imageDigest":"${vm.imageDigest}","imageFormat":"${vm.format}","mac":"${vm.mac}","subnetIndex":${vm.subnetIndex}}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-21T10:00:00.000Z'),
  ('0000aaaa', 'archive', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":2,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0c","subnetIndex":201}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Europe/Rome', x'${Buffer.from(REMEMBERED.userData).toString('hex')}', '2026-11-20T10:00:00.000Z'),
  ('0000bbbb', 'broken', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":1,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0d","subnetIndex":202}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-20T11:00:00.000Z'),
  ('0000cccc', 'gone', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":1,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0e","subnetIndex":203}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-20T12:00:00.000Z');
INSERT INTO wanted VALUES ('${vm.id}', 1, 0), ('0000aaaa', 0, 0), ('0000bbbb', 1, 0), ('0000cccc', 0, 1);
INSERT INTO observed VALUES
  ('${vm.id}', 'Running', NULL, '2026-11-21T10:01:00.000Z'), ('0000aaaa', 'Stopped', NULL, '2026-11-20T10:30:00.000Z'),
  ('0000bbbb', 'Crashed', 'Kernel panic - not syncing: Attempted to kill init!', '2026-11-20T11:30:00.000Z'), ('0000cccc', 'Deleted', NULL, '2026-11-20T12:30:00.000Z');
INSERT INTO operations VALUES
  ('11111111-2222-3333-4444-555555555555', 'launch', '0000aaaa', 'settle', 'done', '{"name":"archive"}',
   '{"id":"11111111-2222-3333-4444-555555555555","kind":"launch","instance":"archive","status":"done","stage":"Launched","fraction":null,"notices":[],"error":null,"result":{"name":"archive","zone":"zone1"},"startedAt":"2026-11-20T10:00:00.000Z","endedAt":"2026-11-20T10:01:00.000Z"}',
   '2026-11-20T10:00:00.000Z');
INSERT INTO settings VALUES ('local.templates', 'false');
PRAGMA user_version = 1;
`,
};

/** An operation has an owner; null: the daemon's own user. */
const SCHEMA_2: OldHome = {
  schema: 2,
  database: (vm) => `
CREATE TABLE instances (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     architecture TEXT NOT NULL,
     node TEXT NOT NULL,
     owner INTEGER NOT NULL,
     zone TEXT NOT NULL,
     spec TEXT NOT NULL,
     image TEXT NOT NULL,
     timezone TEXT NOT NULL,
     user_data BLOB,
     created_at TEXT NOT NULL
   ) STRICT;
CREATE TABLE wanted (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     running INTEGER NOT NULL,
     deleted INTEGER NOT NULL
   ) STRICT;
CREATE TABLE observed (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     state TEXT NOT NULL,
     reason TEXT,
     at TEXT NOT NULL
   ) STRICT;
CREATE TABLE operations (
     id TEXT PRIMARY KEY,
     kind TEXT NOT NULL,
     instance TEXT,
     step TEXT NOT NULL,
     status TEXT NOT NULL,
     request TEXT NOT NULL,
     record TEXT NOT NULL,
     started_at TEXT NOT NULL
   , owner INTEGER) STRICT;
CREATE INDEX operations_by_status ON operations(status, started_at);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO instances VALUES
  ('${vm.id}', '${vm.name}', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":${vm.cpus},"memoryBytes":${vm.memoryBytes},"diskBytes":${vm.diskBytes},"imageDigest":"${vm.imageDigest}","imageFormat":"${vm.format}","mac":"${vm.mac}","subnetIndex":${vm.subnetIndex}}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-21T10:00:00.000Z'),
  ('0000aaaa', 'archive', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":2,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0c","subnetIndex":201}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Europe/Rome', x'${Buffer.from(REMEMBERED.userData).toString('hex')}', '2026-11-20T10:00:00.000Z'),
  ('0000bbbb', 'broken', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":1,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0d","subnetIndex":202}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-20T11:00:00.000Z'),
  ('0000cccc', 'gone', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":1,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0e","subnetIndex":203}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-20T12:00:00.000Z');
INSERT INTO wanted VALUES ('${vm.id}', 1, 0), ('0000aaaa', 0, 0), ('0000bbbb', 1, 0), ('0000cccc', 0, 1);
INSERT INTO observed VALUES
  ('${vm.id}', 'Running', NULL, '2026-11-21T10:01:00.000Z'), ('0000aaaa', 'Stopped', NULL, '2026-11-20T10:30:00.000Z'),
  ('0000bbbb', 'Crashed', 'Kernel panic - not syncing: Attempted to kill init!', '2026-11-20T11:30:00.000Z'), ('0000cccc', 'Deleted', NULL, '2026-11-20T12:30:00.000Z');
INSERT INTO operations VALUES
  ('11111111-2222-3333-4444-555555555555', 'launch', '0000aaaa', 'settle', 'done', '{"name":"archive"}',
   '{"id":"11111111-2222-3333-4444-555555555555","kind":"launch","instance":"archive","status":"done","stage":"Launched","fraction":null,"notices":[],"error":null,"result":{"name":"archive","zone":"zone1"},"startedAt":"2026-11-20T10:00:00.000Z","endedAt":"2026-11-20T10:01:00.000Z"}',
   '2026-11-20T10:00:00.000Z', NULL);
INSERT INTO settings VALUES ('local.templates', 'false');
PRAGMA user_version = 2;
`,
};

/** A guest's netplan files have a history. */
const SCHEMA_3: OldHome = {
  schema: 3,
  database: (vm) => `
CREATE TABLE instances (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     architecture TEXT NOT NULL,
     node TEXT NOT NULL,
     owner INTEGER NOT NULL,
     zone TEXT NOT NULL,
     spec TEXT NOT NULL,
     image TEXT NOT NULL,
     timezone TEXT NOT NULL,
     user_data BLOB,
     created_at TEXT NOT NULL
   ) STRICT;
CREATE TABLE wanted (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     running INTEGER NOT NULL,
     deleted INTEGER NOT NULL
   ) STRICT;
CREATE TABLE observed (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     state TEXT NOT NULL,
     reason TEXT,
     at TEXT NOT NULL
   ) STRICT;
CREATE TABLE operations (
     id TEXT PRIMARY KEY,
     kind TEXT NOT NULL,
     instance TEXT,
     step TEXT NOT NULL,
     status TEXT NOT NULL,
     request TEXT NOT NULL,
     record TEXT NOT NULL,
     started_at TEXT NOT NULL
   , owner INTEGER) STRICT;
CREATE INDEX operations_by_status ON operations(status, started_at);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE network_revisions (
     instance TEXT NOT NULL REFERENCES instances(id) ON DELETE CASCADE,
     number INTEGER NOT NULL,
     at TEXT NOT NULL,
     origin TEXT NOT NULL,
     command TEXT,
     transaction_id TEXT,
     outcome TEXT NOT NULL,
     reason TEXT,
     files TEXT NOT NULL,
     PRIMARY KEY (instance, number)
   ) STRICT;
CREATE TABLE network_seen (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     at TEXT NOT NULL,
     json TEXT NOT NULL
   ) STRICT;
INSERT INTO instances VALUES
  ('${vm.id}', '${vm.name}', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":${vm.cpus},"memoryBytes":${vm.memoryBytes},"diskBytes":${vm.diskBytes},"imageDigest":"${vm.imageDigest}","imageFormat":"${vm.format}","mac":"${vm.mac}","subnetIndex":${vm.subnetIndex}}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-21T10:00:00.000Z'),
  ('0000aaaa', 'archive', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":2,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0c","subnetIndex":201}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Europe/Rome', x'${Buffer.from(REMEMBERED.userData).toString('hex')}', '2026-11-20T10:00:00.000Z'),
  ('0000bbbb', 'broken', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":1,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0d","subnetIndex":202}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-20T11:00:00.000Z'),
  ('0000cccc', 'gone', 'x86_64', 'old-host', 0, 'zone1',
   '{"cpus":1,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0e","subnetIndex":203}',
   '{"name":"local:debian","os":"Debian","release":"12 (bookworm)"}', 'Etc/UTC', NULL, '2026-11-20T12:00:00.000Z');
INSERT INTO wanted VALUES ('${vm.id}', 1, 0), ('0000aaaa', 0, 0), ('0000bbbb', 1, 0), ('0000cccc', 0, 1);
INSERT INTO observed VALUES
  ('${vm.id}', 'Running', NULL, '2026-11-21T10:01:00.000Z'), ('0000aaaa', 'Stopped', NULL, '2026-11-20T10:30:00.000Z'),
  ('0000bbbb', 'Crashed', 'Kernel panic - not syncing: Attempted to kill init!', '2026-11-20T11:30:00.000Z'), ('0000cccc', 'Deleted', NULL, '2026-11-20T12:30:00.000Z');
INSERT INTO operations VALUES
  ('11111111-2222-3333-4444-555555555555', 'launch', '0000aaaa', 'settle', 'done', '{"name":"archive"}',
   '{"id":"11111111-2222-3333-4444-555555555555","kind":"launch","instance":"archive","status":"done","stage":"Launched","fraction":null,"notices":[],"error":null,"result":{"name":"archive","zone":"zone1"},"startedAt":"2026-11-20T10:00:00.000Z","endedAt":"2026-11-20T10:01:00.000Z"}',
   '2026-11-20T10:00:00.000Z', NULL);
INSERT INTO settings VALUES ('local.templates', 'false');
INSERT INTO network_revisions VALUES
  ('0000aaaa', 1, '2026-11-20T10:01:00.000Z', 'launch', NULL, NULL, 'seen', NULL,
   '[{"path":"/etc/netplan/50-cloud-init.yaml","mode":384,"uid":0,"gid":0,"content":"network: {version: 2}\\n"}]'),
  ('0000aaaa', 2, '2026-11-20T10:10:00.000Z', 'holdfast', 'net static', '22222222-3333-4444-5555-666666666666', 'rolled-back', 'the gateway did not answer',
   '[{"path":"/etc/netplan/50-cloud-init.yaml","mode":384,"uid":0,"gid":0,"content":"network: {version: 2, renderer: networkd}\\n"}]');
INSERT INTO network_seen VALUES ('0000aaaa', '2026-11-20T10:01:00.000Z', '{}');
PRAGMA user_version = 3;
`,
};

/** Instances have snapshots. */
const SCHEMA_4: OldHome = {
  schema: 4,
  database: (vm) => SCHEMA_3.database(vm).replace('PRAGMA user_version = 3;', `CREATE TABLE snapshots (
     id TEXT PRIMARY KEY,
     instance TEXT NOT NULL REFERENCES instances(id) ON DELETE CASCADE,
     name TEXT NOT NULL,
     comment TEXT NOT NULL,
     parent TEXT,
     live INTEGER NOT NULL,
     spec TEXT NOT NULL,
     created_at TEXT NOT NULL,
     UNIQUE (instance, name)
   ) STRICT;
CREATE TABLE snapshot_heads (
     instance TEXT PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
     head TEXT,
     taken INTEGER NOT NULL
   ) STRICT;
INSERT INTO snapshots VALUES
  ('00000000000000aa', '0000aaaa', 'snapshot1', 'as it was', NULL, 0,
   '{"cpus":1,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0c","subnetIndex":201}', '2026-11-20T11:00:00.000Z'),
  ('00000000000000ab', '0000aaaa', 'later', '', '00000000000000aa', 1,
   '{"cpus":2,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0c","subnetIndex":201}', '2026-11-20T12:00:00.000Z');
INSERT INTO snapshot_heads VALUES ('0000aaaa', '00000000000000ab', 2);
INSERT INTO settings VALUES
  ('client.primary-name', 'main'), ('client.primary-name@1000', 'mine'), ('local.bridged-network', 'br0'), ('local.driver', 'qemu'),
  ('local.image.mirror', 'https://mirror.example/cloud-images/'), ('local.passphrase', '${PASSPHRASE.hash}'), ('local.privileged-mounts', 'false');
UPDATE instances SET spec = '{"cpus":2,"memoryBytes":1073741824,"diskBytes":5368709120,"imageDigest":"${'d'.repeat(64)}","imageFormat":"qcow2","mac":"52:54:00:0a:0b:0c","subnetIndex":201,"autostart":true,"bridged":true,"cards":[{"slot":1,"mac":"52:54:00:0a:0b:1c","network":"br0","mode":"auto","seeded":false,"address":null}]}'
  WHERE id = '0000aaaa';
PRAGMA user_version = 4;`),
};

export const OLD_HOMES: readonly OldHome[] = [SCHEMA_1, SCHEMA_2, SCHEMA_3, SCHEMA_4];
