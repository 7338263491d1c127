/** Changes netplan files key by key: comments, order and everything that is not named stay as they were. */
import { isMap, isScalar, parseDocument, Scalar, YAMLMap, type Document } from 'yaml';
import type { DefinitionType } from './definition.ts';
import type { NetplanFile } from './facts.ts';
import { readNodes } from './nodes.ts';
import type { Refusal } from './prediction.ts';
import { Refused } from './refused.ts';

export type EditValue = string | number | boolean | readonly EditValue[] | { readonly [key: string]: EditValue };

export interface Edit {
  readonly type: DefinitionType;
  readonly id: string;
  /** `set` puts a key's value in place of what it was, null takes the key away; a definition that is not there is made. */
  readonly set?: Readonly<Record<string, EditValue | null>>;
  /** Takes the whole definition away. */
  readonly remove?: boolean;
}

export type Edited = { readonly text: string } | { readonly refused: Refusal };

/** @returns the file's new text, or why it cannot be read */
export function edit(file: NetplanFile, edits: readonly Edit[]): Edited {
  try {
    const notes: string[] = [];
    readNodes(file, ({ code }) => notes.push(code));
    if (notes.includes('key-twice')) return refused('key-twice', 'a key is there twice: which one is to be changed cannot be told', file);
    if (notes.includes('second-document')) return refused('second-document', 'the file has a second document', file);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { refused: error.refusal };
  }
  const document = parseDocument(file.text, { version: '1.1', keepSourceTokens: true });
  if (document.contents !== null && !isMap(document.contents) && !(isScalar(document.contents) && document.contents.value === null)) return refused('wrong-type', 'the file is no mapping of keys to values', file);
  for (const { type, id, set = {}, remove = false } of edits) {
    const path = ['network', type, id];
    if (remove) {
      document.deleteIn(path);
      // netplan refuses a block without definitions that is not a mapping; an empty one says nothing.
      if (isEmpty(document, ['network', type])) document.deleteIn(['network', type]);
      continue;
    }
    if (!isMap(document.getIn(['network']))) document.set('network', document.createNode({ version: 2 }));
    for (const at of [['network', type], path]) if (!isMap(document.getIn(at))) document.setIn(at, new YAMLMap());
    for (const [key, value] of Object.entries(set)) {
      if (value === null) document.deleteIn([...path, key]);
      else replace(document, [...path, key], value);
    }
  }
  return { text: document.toString({ lineWidth: 0, directives: false }) };
}

/** A value that is a single one keeps the comment behind it. */
function replace(document: Document, path: readonly string[], value: EditValue): void {
  const old = document.getIn(path, true);
  const made = document.createNode(value);
  if (isScalar(old) && isScalar(made)) {
    const comment = old.comment;
    document.setIn(path, made);
    made.comment = comment ?? null;
  } else {
    document.setIn(path, made);
  }
  const kept = document.getIn(path, true);
  if (kept instanceof Scalar && path.at(-1) === 'macaddress') kept.type = Scalar.QUOTE_DOUBLE;
}

function isEmpty(document: Document, path: readonly string[]): boolean {
  const node = document.getIn(path);
  return isMap(node) && node.items.length === 0;
}

function refused(code: string, message: string, { path }: NetplanFile): Edited {
  return { refused: { code, message, place: { file: path, line: 1, column: 1 } } };
}
