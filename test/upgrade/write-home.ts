/** Puts an old home's database in the place of today's. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Kept, OldHome } from './schemas.ts';

/** What today's database says of an instance, by its columns: today's code is not asked. */
export function keptOf(home: string, name: string): Kept {
  const db = new DatabaseSync(join(home, 'holdfast.db'), { readOnly: true });
  try {
    const row = db.prepare('SELECT id, spec FROM instances WHERE name = ?').get(name);
    if (!row) throw new Error(`there is no ${name}`);
    const { imageDigest, mac, subnetIndex, cpus, memoryBytes, diskBytes, imageFormat } = JSON.parse(String(row['spec'])) as Omit<Kept, 'id' | 'name' | 'format'> & { imageFormat: Kept['format'] };
    return { id: String(row['id']), name, imageDigest, mac, subnetIndex, cpus, memoryBytes, diskBytes, format: imageFormat };
  } finally {
    db.close();
  }
}

/** No daemon may serve the home. */
export function writeOldDatabase(home: string, { database }: OldHome, running: Kept): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(home, `holdfast.db${suffix}`), { force: true });
  const db = new DatabaseSync(join(home, 'holdfast.db'));
  try {
    db.exec(database(running));
  } finally {
    db.close();
  }
}
