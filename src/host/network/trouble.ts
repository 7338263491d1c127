/** What the doctor is told of a network that is to be up: what is missing, and why it could not be put back. */
import { HoldfastError } from '../../core/errors.ts';
import type { ZoneName } from '../../core/zones.ts';
import type { Missing } from './missing.ts';

export interface NetworkTrouble {
  /** In a clause. */
  readonly seen: string;
  readonly remedy: string;
  /** It could not be put back; otherwise nobody has tried yet. */
  readonly lasts: boolean;
}

/** Of the last repair. */
export interface RepairFailure {
  /** That alone did not come up; undefined: all of them are concerned. */
  readonly zone: ZoneName | undefined;
  /** Of the card that alone could not be put back. */
  readonly tap?: string;
  readonly error: unknown;
}

/** @returns undefined where nothing is missing, whatever has failed before */
export function troubleOf(missing: readonly Missing[], failures: readonly RepairFailure[]): NetworkTrouble | undefined {
  if (missing.length === 0) return undefined;
  const errors = failures.filter(({ zone, tap }) => (zone === undefined && tap === undefined) || missing.some((each) => (tap === undefined ? each.zone === zone : each.card?.tap === tap))).map(({ error }) => error);
  const lacks = `it lacks ${missing.map(({ what }) => what).join(', ')}`;
  if (errors.length === 0) return { seen: lacks, remedy: 'it is put back by itself within a minute: look again', lasts: false };
  const hint = errors.map((error) => (error instanceof HoldfastError ? error.hint : undefined)).find((each) => each !== undefined);
  return {
    seen: `${lacks}, and cannot be repaired: ${errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')}`,
    remedy: `${hint ?? 'put that right'}; it is tried again by itself, once a minute at least`, lasts: true,
  };
}
