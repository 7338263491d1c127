/** Removes images that were brought here, from the web or as a file, and that nobody has used for two weeks; what was built here stays. */
import type { ImageStore } from '../../images/store.ts';
import type { House } from '../instances/house.ts';

const KEPT_MS = 14 * 86_400_000;
const PRUNE_EVERY_MS = 6 * 3600 * 1000;

/** @returns what was removed, as people know it */
export async function pruneImages({ registry, driver }: Pick<House, 'registry' | 'driver'>, store: ImageStore, nowMs: number): Promise<string[]> {
  const removed: string[] = [];
  for (const { digest, sourceName, published, recipe } of await store.list()) {
    if (recipe !== undefined) continue;
    // Deleted ones too: they can be recovered. A template's disk lies on its image as well.
    const inUse = registry.everybodys.some(({ record }) => record.instance.spec.imageDigest === digest)
      || (await driver.templates?.all() ?? []).some(({ imageDigest }) => imageDigest === digest);
    if (!inUse && await store.removeUnused(digest, nowMs - KEPT_MS)) removed.push(published?.name ?? sourceName);
  }
  return removed;
}

/** At once, and then from time to time; what cannot be removed is no reason to serve nobody. */
export function keepImagesPruned(house: House, store: ImageStore): void {
  const prune = async (): Promise<void> => {
    try {
      const removed = await pruneImages(house, store, Date.now());
      if (removed.length > 0) house.log.line('prune', null, `images that nobody had used for two weeks were removed: ${removed.join(', ')}`);
    } catch (error) {
      house.log.line('prune', null, `unused images cannot be removed: ${error instanceof Error ? error.message : String(error)}`, 'see who owns them; it is tried again');
    }
  };
  void prune();
  setInterval(() => { void prune(); }, PRUNE_EVERY_MS).unref();
}
