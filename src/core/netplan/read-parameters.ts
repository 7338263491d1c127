/** Bridge parameters that have a number for each member. */
import type { Draft } from './draft.ts';
import type { MapNode } from './nodes.ts';
import { requireKnown, type Reading } from './reading.ts';
import { scalarOf } from './read-simple.ts';
import { refuse } from './refused.ts';
import { quoted, readUint } from './values.ts';

export function readNamedNumbers(reading: Reading, draft: Draft, kind: 'path-costs' | 'port-priorities', path: string, { entries }: MapNode): void {
  for (const { key, value } of entries) {
    const { text: id } = requireKnown(reading, draft, scalarOf(key));
    const { text, place } = scalarOf(value);
    const number = readUint(text, place);
    if (kind === 'port-priorities' && number > 63) refuse('bad-value', `the priority ${quoted(text)} is not between 0 and 63`, place);
    const at = `${path}.${id}`;
    if (draft.values.has(at)) refuse('bad-value', `${id} has that already`, place);
    draft.values.set(at, { text, place });
  }
}
