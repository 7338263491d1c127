/** Settings that were changed from their defaults. */
import type { Db } from './db.ts';

export interface SettingStore {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export function settingStore(db: Db): SettingStore {
  return {
    get(key) {
      const row = db.get('SELECT value FROM settings WHERE key = ?', key);
      return row && String(row['value']);
    },
    set: (key, value) => db.run('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value),
  };
}
