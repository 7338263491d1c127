/** Checks a user's cloud-init data before anything is made of it: YAML that does not parse is told with line and column. */
import { LineCounter, parseDocument } from 'yaml';
import { utf8Text } from './text.ts';
import { userDataKind } from './user-data-kind.ts';

export interface Finding {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export interface Checked {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

export function checkUserData(bytes: Uint8Array): Checked {
  const text = userDataKind(bytes) === 'cloud-config' ? utf8Text(bytes) : undefined;
  if (text === undefined) return { errors: [], warnings: [] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const errors = document.errors.map(({ message, pos: [offset] }) => ({ message, line: lines.linePos(offset).line, column: lines.linePos(offset).col }));
  return { errors, warnings: [] };
}
