/**
 * A list as the API answers it, as bytes. A thousand instances are asked for often and change seldom: of each the text is
 * kept, and made anew when one of the things that it is made of is another; so are the bytes of the last list.
 */
import type { Supervisor } from './supervisor.ts';
import { viewOf } from './view.ts';

interface Kept {
  readonly madeOf: readonly unknown[];
  readonly text: string;
}

const kept = new WeakMap<Supervisor, Kept>();

let last: { readonly texts: readonly string[]; readonly bytes: Buffer } | undefined;

/** @returns JSON of an InstanceList, in UTF-8 */
export function listBytes(supervisors: readonly Supervisor[]): Buffer {
  const texts = supervisors.map(textOf);
  if (last?.texts.length === texts.length && last.texts.every((text, index) => text === texts[index])) return last.bytes;
  last = { texts, bytes: Buffer.from(`{"instances":[${texts.join(',')}]}`) };
  return last.bytes;
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
