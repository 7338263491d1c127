/** CI takes one representative of each class of slow test; which one, the commit decides, so that all have their turn. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

/** @returns a whole number that changes with the commit; HOLDFAST_ROTATION overrides it */
export function rotation(): number {
  const wish = process.env['HOLDFAST_ROTATION'];
  if (wish !== undefined) return Number(wish);
  const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });
  return Number.parseInt(head.slice(0, 8), 16);
}

export function pick<T>(from: readonly T[], offset = 0): T {
  const picked = from[(rotation() + offset) % from.length];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

/** As `pick`, but what one class of this name gets says nothing about another, nor about what `pick` takes: all pairs have their turn. */
export function pickOf<T>(name: string, from: readonly T[]): T {
  return pick(from, createHash('sha256').update(`${name} ${rotation()}`).digest().readUInt32BE());
}

/** One of each, and in time every pair: two `pick`s would take the same number's remainders, and half of the pairs of 6 and 4 never meet. */
export function pickPair<A, B>(from: readonly A[], and: readonly B[]): readonly [A, B] {
  return pick(from.flatMap((one) => and.map((other) => [one, other] as const)));
}

/** @returns as few pairs as have each of both at least once */
export function pairUp<A, B>(from: readonly A[], and: readonly B[]): (readonly [A, B])[] {
  const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
  return Array.from({ length: Math.max(from.length, and.length) }, (_, index) => [at(from, index), at(and, index)] as const);
}

/** HOLDFAST_TEST_ALL=1 takes the full sets; CI and `npm test` rotate. */
export const ALL = process.env['HOLDFAST_TEST_ALL'] === '1';
