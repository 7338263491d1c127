/** What is left of downloads that nobody went on with: kept for some days, a few of them, and then removed. */
import { readdir, rm, stat } from 'node:fs/promises';
import { partFiles, readFetched } from './part.ts';

const KEPT_DAYS = 7;
const KEPT_PARTS = 4;

export interface Sweep {
  readonly nowMs: number;
  /** Downloads that are under way. */
  readonly inUse: ReadonlySet<string>;
  /** Digests of the images in the store: a record of one that is gone says nothing any more. */
  readonly digests: ReadonlySet<string>;
}

export async function sweepDownloads(directory: string, { nowMs, inUse, digests }: Sweep): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const keys = [...new Set(names.map((name) => /^([0-9a-f]{32})\./.exec(name)?.[1]).filter((key) => key !== undefined))];
  const parts: { key: string; at: number }[] = [];
  for (const key of keys.filter((each) => !inUse.has(each))) {
    const files = partFiles(directory, key);
    const record = await readFetched(files);
    if (record === undefined || !digests.has(record.digest)) await rm(files.record, { force: true });
    await rm(files.unpacked, { force: true });
    parts.push({ key, at: await stat(files.part).then(({ mtimeMs }) => mtimeMs, () => 0) });
  }
  const old = nowMs - KEPT_DAYS * 86_400_000;
  const kept = parts.filter(({ at }) => at > old).toSorted((a, b) => b.at - a.at).slice(0, KEPT_PARTS);
  for (const { key } of parts.filter((part) => !kept.includes(part))) {
    const { part, facts } = partFiles(directory, key);
    for (const path of [part, facts]) await rm(path, { force: true });
  }
}
