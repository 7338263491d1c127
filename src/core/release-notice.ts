/** The news that there is a later release, as it is published: `{"version", "title", "description", "url"}`. */

export interface ReleaseNotice {
  readonly title: string;
  readonly description: string;
  readonly url: string;
}

const LONGEST = 500;
const VERSION = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/;

/** @returns undefined for what is no later release than the one that asks, or no such news at all */
export function releaseNotice(published: unknown, current: string): ReleaseNotice | undefined {
  if (typeof published !== 'object' || published === null) return undefined;
  const { version, title, description, url } = published as Readonly<Record<string, unknown>>;
  if (typeof version !== 'string' || !isLater(version, current)) return undefined;
  if (typeof url !== 'string' || !url.startsWith('https://') || url.length > LONGEST) return undefined;
  return { title: text(title) ?? `Holdfast ${version}`, description: text(description) ?? '', url };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST) : undefined;
}

/** Of whole releases; what is no such number is later than nothing. */
export function isLater(version: string, than: string): boolean {
  const [a, b] = [VERSION.exec(version), VERSION.exec(than)];
  if (!a || !b) return false;
  for (const at of [1, 2, 3]) {
    const difference = Number(a[at]) - Number(b[at]);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
