/**
 * The schema, as the list of changes that led to it; an entry, once released, is never edited. What is wanted, what was
 * observed and what is being done are separate tables, so that a daemon that starts can compare them.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE instances (
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
   CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
  // Who asked for it; null: the daemon's own user.
  'ALTER TABLE operations ADD COLUMN owner INTEGER',
  // Files are JSON: path, mode, uid, gid, content. `applied` is an outcome that is still to be confirmed or undone.
  `CREATE TABLE network_revisions (
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
   ) STRICT`,
  // A snapshot's id is its layer's; `parent` and `head` are ids of the same instance's.
  `CREATE TABLE snapshots (
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
   ) STRICT`,
];
