/**
 * A netplan file as nodes with their places. netplan takes every scalar as text, whatever YAML would make of it, so numbers and
 * truth values are for those who know the key. What netplan reads though YAML forbids it (a key twice) is noted; what stops it
 * is refused.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node as YamlNode, type Pair, type ParsedNode } from 'yaml';
import { MOST_MISTAKES, readYaml } from '../yaml/bounded-yaml.ts';
import type { Place } from './definition.ts';
import type { NetplanFile } from './facts.ts';
import type { Note } from './prediction.ts';
import { refuse } from './refused.ts';

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  readonly place: Place;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly place: Place;
}

export interface MapNode {
  readonly kind: 'map';
  /** In the file's order; a key may come twice. */
  readonly entries: readonly { readonly key: Node; readonly value: Node }[];
  readonly place: Place;
}

/** An alias is the very node that it names. */
export type Node = ScalarNode | ListNode | MapNode;

/** netplan's own files have some hundred bytes; this is what a guest may have us read. */
const MOST_BYTES = 1 << 20;

/** libyaml, which netplan reads with, lets these pass. */
const PASSES = /^(?:Flow end indicator should be more indented|Comments must be separated from other tokens)/;
const BEYOND = {
  deep: 'this is nested deeper than any netplan file',
  parts: 'the file has too many parts to be read',
  mistakes: `this is not YAML: here is the first of more than ${MOST_MISTAKES} mistakes`,
} as const;
const SECOND_DOCUMENT = 'MULTIPLE_DOCS';

/** @returns undefined for a file that says nothing  @throws Refused */
export function readNodes({ path, text }: NetplanFile, note: (note: Note) => void): Node | undefined {
  const start: Place = { file: path, line: 1, column: 1 };
  if (text.length > MOST_BYTES) refuse('too-large', `the file has more than ${MOST_BYTES} characters`, start);
  // A mark of byte order is none of the text's.
  const read = readYaml(text.startsWith('\ufeff') ? text.slice(1) : text, { version: '1.1', schema: 'failsafe', merge: false, strict: true });
  const placeOf = (offset: number): Place => {
    const { line, col } = read.lines.linePos(offset);
    return { file: path, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if ('beyond' in read) return refuse(read.beyond === 'mistakes' ? 'yaml' : 'too-large', BEYOND[read.beyond], placeOf(read.offset));
  const { document } = read;
  for (const error of document.errors) {
    const place = placeOf(error.pos[0]);
    if (error.code === SECOND_DOCUMENT) {
      note({ code: 'second-document', verdict: 'invalid', message: 'a second document begins here; netplan reads the first one only', remedy: 'keep one document in a file', place, definition: null });
    } else if (!PASSES.test(error.message)) {
      refuse('yaml', reworded(error.code, error.message), place);
    }
  }
  return new Reader(document, placeOf, note).root();
}

class Reader {
  readonly #document: Document.Parsed;
  readonly #placeOf: (offset: number) => Place;
  readonly #note: (note: Note) => void;
  readonly #anchors = new Map<string, Node>();

  constructor(document: Document.Parsed, placeOf: (offset: number) => Place, note: (note: Note) => void) {
    this.#document = document;
    this.#placeOf = placeOf;
    this.#note = note;
  }

  root(): Node | undefined {
    const { contents } = this.#document;
    const empty = contents === null || (isScalar(contents) && contents.source === '' && contents.type === 'PLAIN');
    // A document that is begun and says nothing is not the same as none.
    return empty && this.#document.directives?.docStart !== true ? undefined : this.#node(contents, 0);
  }

  /** @param otherwise  the offset of a node that is left out */
  #node(node: ParsedNode | YamlNode | null | undefined, otherwise: number, inFlow = false): Node {
    const place = this.#placeOf(node?.range?.[0] ?? otherwise);
    if (isAlias(node)) return this.#anchors.get(node.source) ?? refuse('yaml', `there is no anchor &${node.source} before this alias`, place);
    if (isMap(node)) {
      const entries: MapNode['entries'][number][] = [];
      const made: MapNode = { kind: 'map', entries, place };
      this.#anchor(node.anchor, made);
      const seen = new Map<string, Place>();
      for (const pair of node.items as readonly Pair<YamlNode | null, YamlNode | null>[]) {
        const key = this.#node(pair.key, otherwise, node.flow);
        entries.push({ key, value: this.#node(pair.value, (pair.key?.range?.[1] ?? otherwise) + 1, node.flow) });
        if (key.kind === 'scalar') this.#twice(key, seen);
      }
      return made;
    }
    if (isSeq(node)) {
      const items: Node[] = [];
      const made: ListNode = { kind: 'list', items, place };
      this.#anchor(node.anchor, made);
      for (const item of node.items) items.push(this.#node(item as YamlNode | null, node.range?.[0] ?? otherwise, node.flow));
      return made;
    }
    if (inFlow && isScalar(node) && node.type === 'PLAIN' && /^[:?]|:$/.test(node.source ?? '')) refuse('yaml', 'inside of brackets, a text that begins or ends with a colon must be quoted', place);
    const made: ScalarNode = { kind: 'scalar', text: isScalar(node) ? textOf(node.value) : '', place };
    if (isScalar(node)) this.#anchor(node.anchor, made);
    return made;
  }

  #anchor(name: string | undefined, node: Node): void {
    if (name === undefined) return;
    if (this.#anchors.has(name)) refuse('yaml', `the anchor &${name} is there twice`, node.place);
    this.#anchors.set(name, node);
  }

  #twice({ text, place }: ScalarNode, seen: Map<string, Place>): void {
    const first = seen.get(text);
    if (first === undefined) {
      seen.set(text, place);
      return;
    }
    this.#note({
      code: 'key-twice', verdict: 'invalid', place, definition: null,
      message: `the key ${text} is there twice, first in line ${first.line}; netplan reads both and says nothing: of a single value the last one counts, lists are put together`,
      remedy: 'keep one of them',
    });
  }
}

/** A scalar of the failsafe schema is text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function reworded(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab cannot indent in YAML; use spaces';
  return `this is not YAML: ${message}`;
}
