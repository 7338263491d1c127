/** What the reading of a file carries along. */
import type { DefinitionType, Place } from './definition.ts';
import type { Draft, Given, Merging } from './draft.ts';
import type { Note } from './prediction.ts';
import { refuse } from './refused.ts';
import { quoted } from './values.ts';
import type { Rules } from './versions.ts';

export interface Reading {
  readonly merging: Merging;
  readonly rules: Rules;
  /** What a reference may name: ids of this file, and of those before it. */
  readonly known: ReadonlyMap<string, DefinitionType>;
  note(note: Note): void;
  /** Counts what is read, since aliases can make much of little. @throws Refused */
  step(place: Place): void;
}

export function requireKnown(reading: Reading, draft: Draft, { text, place }: Given): Given {
  if (!reading.known.has(text)) refuse('not-defined', `${draft.id} names ${quoted(text)}, which is not defined in this file or one before it`, place);
  return { text, place };
}
