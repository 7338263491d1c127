/**
 * What a doctor makes of many checks: their order, which of them mean nothing because of another, and which one is
 * the cause. Pure; running checks is daemon/doctor's.
 */

/** From the outside in: the first broken one is named as the cause, since those behind it may only follow from it. */
export const LAYERS = [
  'daemon', 'home', 'rights', 'disk', 'hypervisor', 'accelerator', 'images', 'network',
  'machine', 'way-in', 'system', 'python', 'agent', 'private-sshd', 'doorman', 'lanes',
  'link', 'address', 'route', 'neighbour', 'dns', 'sshd', 'by-address', 'cloud-init', 'clock',
] as const;
export type Layer = (typeof LAYERS)[number];

/** `warn`: it works, and somebody should know. `skipped`: there was nothing to look at, or it would have meant nothing. */
export const STATUSES = ['ok', 'warn', 'broken', 'skipped'] as const;
export type Status = (typeof STATUSES)[number];

export interface CheckResult {
  readonly id: string;
  readonly layer: Layer;
  readonly title: string;
  readonly status: Status;
  /** What was seen, in a clause. */
  readonly seen: string;
  /** What to do about it; null where nothing is to be done. */
  readonly remedy: string | null;
  /** `doctor --fix` does the remedy. */
  readonly fixable: boolean;
}

interface Placed {
  readonly id: string;
  readonly layer: Layer;
}

/** By layer; within one as they came. */
export function inLayers<T extends Placed>(checks: readonly T[]): T[] {
  return checks.toSorted((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer));
}

/** The first broken layer, of results in the order of their layers. */
export function causeOf(results: readonly CheckResult[]): CheckResult | undefined {
  return inLayers(results).find(({ status }) => status === 'broken');
}

/** What a check that needs others is skipped because of: the first of them that is broken or still to come, or what that one was skipped for. */
export interface Obstacle {
  readonly id: string;
  readonly title: string;
}

export function obstacleOf(needed: readonly { readonly result: CheckResult; readonly pending?: boolean; readonly obstacle: Obstacle | undefined }[]): Obstacle | undefined {
  for (const { result, pending, obstacle } of needed) {
    if (obstacle) return obstacle;
    if (pending || result.status === 'broken') return { id: result.id, title: result.title };
  }
  return undefined;
}

/** What `--fix` tries next: the first that it can mend and has not tried yet. */
export function nextToFix(results: readonly CheckResult[], tried: ReadonlySet<string>): CheckResult | undefined {
  return inLayers(results).find(({ id, status, fixable }) => fixable && (status === 'broken' || status === 'warn') && !tried.has(id));
}
