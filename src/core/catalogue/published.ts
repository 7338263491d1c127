/** An image that somebody publishes: what can be looked up, shown, downloaded and checked. */
import type { Checksum } from '../checksum.ts';
import type { Architecture } from '../instance.ts';

export interface PublishedImage {
  /** Lower case, the one it is shown by first; of an older version too. */
  readonly aliases: readonly string[];
  /** `Ubuntu` */
  readonly os: string;
  /** `24.04 LTS` */
  readonly release: string;
  /** `20240608`, `20221115.1` or `current` */
  readonly version: string;
  readonly architecture: Architecture;
  readonly supported: boolean;
  /** The newest version of its release: what its aliases mean. */
  readonly current: boolean;
  readonly address: string;
  /** Of the file as it is published. */
  readonly checksum: Checksum;
  readonly sizeBytes: number | undefined;
}

/** More than that is no catalogue but an attack; Ubuntu's largest has about two thousand. */
export const MOST_IMAGES = 20_000;

const NUMBERS = /^\d{1,14}(?:\.\d{1,6})*$/;

/** Of two versions, the newer is last: each number between the points counts. What has a name comes after what has numbers, and among its kind by code point. */
export function compareVersions(a: string, b: string): number {
  const isNamed = [a, b].map((version) => !NUMBERS.test(version)) as [boolean, boolean];
  if (isNamed[0] !== isNamed[1]) return isNamed[0] ? 1 : -1;
  if (isNamed[0]) return a === b ? 0 : a < b ? -1 : 1;
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
