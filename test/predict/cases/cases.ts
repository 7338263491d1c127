/**
 * Changes of a guest's netplan files. A case is known by a seed and its number, and is the same whichever were made before
 * it; what it says of MACs and addresses is the guest's.
 */
import fc from 'fast-check';
import type { NetplanFile } from '../../../src/core/netplan/facts.ts';
import { spoilt, wrongEntry, wrongKey, wrongTop } from './defects.ts';
import { forDefaultCard, forExtraCard, virtualLinks, type Entry } from './definitions.ts';
import { placing, putInto, section, written } from './files.ts';
import { filesAtLaunch, type GuestShape } from './guest-shape.ts';
import { either, sometimes, weighted } from './words.ts';

export interface Change {
  readonly guest: GuestShape;
  readonly before: readonly NetplanFile[];
  readonly after: readonly NetplanFile[];
}

/** @param seed, number  any whole numbers */
export function caseOf<T>(arbitrary: fc.Arbitrary<T>, seed: number, number: number): T {
  const [made] = fc.sample(fc.noBias(arbitrary), { seed: seedOf(seed, number), numRuns: 1 });
  if (made === undefined) throw new Error('no case was made');
  return made;
}

/** One whole number of 32 bits for each pair, near ones far apart. */
export function seedOf(seed: number, number: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) | 0;
}

/** @param defects  in a hundred */
export function changesOf(guest: GuestShape, defects: number): fc.Arbitrary<Change> {
  const before = filesAtLaunch(guest);
  const inPercent = <T>(percent: number, arbitrary: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> => weighted([100 - percent, fc.constant(otherwise)], [percent, arbitrary]);
  const same = (entries: readonly Entry[]): Entry[] => [...entries];
  return fc.record({
    first: forDefaultCard(guest),
    others: fc.tuple(...guest.cards.slice(1).map((card) => inPercent(60, forExtraCard(guest, card), []))),
    made: inPercent(12, virtualLinks(guest), []),
    top: sometimes({ renderer: [12, fc.constantFrom('networkd', 'networkd', 'networkd', 'NetworkManager')] }),
    place: placing,
    again: inPercent(12, sometimes({ dhcp4: [40, either], addresses: [30, fc.constant(['192.0.2.44/24'])], optional: [40, either], mtu: [20, fc.constant(1350)], nameservers: [30, fc.constant({ addresses: ['9.9.9.9'] })] }), {}),
    defect: inPercent(defects, weighted<Defect>(
      [5, wrongKey.map((entries) => ({ entries }))], [2, wrongEntry.map((entries) => ({ entries }))], [1, wrongTop.map((top) => ({ top }))], [5, spoilt.map((text) => ({ text }))],
    ), {}),
  }).chain(({ first, others, made, top, place, again, defect }) => {
    const entries = (defect.entries ?? same)([...first, ...others.flat(), ...made]);
    const network = Object.fromEntries(Object.entries(section(entries, { ...top, ...defect.top })).filter(([, value]) => value !== undefined));
    const [begun] = entries;
    // The same definition goes on in a further file.
    const second = begun === undefined || Object.keys(again).length === 0 ? [] : [{ path: '/etc/netplan/95-more.yaml', network: section([{ ...begun, body: again }], {}) }];
    return fc.tuple(written(network), ...second.map(({ network }) => written(network))).map(([text, ...more]): Change => ({
      guest, before,
      after: putInto(before, [{ path: place.path, text: (defect.text ?? ((said) => said))(text) }, ...second.map(({ path }, index) => ({ path, text: more[index] ?? '' }))], place.setAside),
    }));
  });
}

interface Defect {
  readonly entries?: (entries: readonly Entry[]) => Entry[];
  readonly top?: Record<string, unknown>;
  readonly text?: (text: string) => string;
}
