/** One line of the bench's table. */
export interface Row {
  readonly what: string;
  readonly figures: readonly number[];
  readonly unit: 's' | 'MB' | '%';
  readonly note: string;
}

export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;
}

/** Of the medians. */
export function ratio(ours: readonly number[], peer: readonly number[]): string {
  return `${(median(ours) / median(peer)).toFixed(2)} times its peer`;
}

/** Seconds that it takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
