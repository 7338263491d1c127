/**
 * A list as the API answers it, as text. A thousand instances are asked for often and change seldom: of each the text is
 * kept, and made anew when one of the things that it is made of is another.
 */
import type { Supervisor } from './supervisor.ts';
import { viewOf } from './view.ts';

interface Kept {
  readonly madeOf: readonly unknown[];
  readonly text: string;
}

const kept = new WeakMap<Supervisor, Kept>();

/** @returns JSON of an InstanceList */
export function listText(supervisors: readonly Supervisor[]): string {
  return `{"instances":[${supervisors.map(textOf).join(',')}]}`;
}

function textOf(supervisor: Supervisor): string {
  const madeOf = partsOf(supervisor);
  const before = kept.get(supervisor);
  if (before?.madeOf.every((part, index) => part === madeOf[index])) return before.text;
  const text = JSON.stringify(viewOf(supervisor));
  kept.set(supervisor, { madeOf, text });
  return text;
}

/** All that viewOf looks at and that can change: records and reports are replaced, never written into. */
function partsOf({ record, machine, network, isZoneAvailable, snapshotCount, heldUntil }: Supervisor): readonly unknown[] {
  if (machine === undefined) return [record, network.health, network.reason, isZoneAvailable, snapshotCount];
  const { guest, isPaused, pauseReason } = machine;
  const { level, reason } = guest.hold;
  return [record, network.health, network.reason, isZoneAvailable, snapshotCount, machine, isPaused, pauseReason, level, reason, guest.reports.network, guest.reports.system, heldUntil];
}
