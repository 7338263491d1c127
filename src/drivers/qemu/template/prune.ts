/** Which templates are too old, or too much. */
import type { Template, TemplateStore } from './store.ts';

export interface PrunePolicy {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** Two weeks without use, and 8 GiB in all: least recently used first. */
export const PRUNE: PrunePolicy = { maxAgeMs: 14 * 24 * 3600 * 1000, maxBytes: 8 * 1024 ** 3 };

/** Pure. @returns the keys to remove; those in `kept` never */
export function toPrune(templates: readonly Pick<Template, 'key' | 'bytes' | 'lastUsedAt'>[], kept: ReadonlySet<string>, now: Date, policy: PrunePolicy = PRUNE): string[] {
  const newestFirst = templates.toSorted((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime());
  let total = 0;
  return newestFirst.filter(({ key, bytes, lastUsedAt }) => {
    if (kept.has(key)) {
      total += bytes;
      return false;
    }
    if (now.getTime() - lastUsedAt.getTime() > policy.maxAgeMs || total + bytes > policy.maxBytes) return true;
    total += bytes;
    return false;
  }).map(({ key }) => key);
}

export async function prune(store: TemplateStore, kept: ReadonlySet<string>): Promise<void> {
  for (const key of toPrune(await store.all(), kept, new Date())) await store.remove(key);
}
