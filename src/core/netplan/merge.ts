/**
 * Puts netplan files together as netplan does. A file of /run hides one of that name in /etc, and both one in /lib; what is left is
 * read in the order of the names, whatever the directory. Each file may amend what those before it defined: single values are
 * replaced, mappings merged, lists added to (but `link-local` and `match: driver` replaced). There is no way to take a key back:
 * `null` is refused.
 */
import { DEFINITION_TYPES, type DefinitionType, type Place, type Renderer } from './definition.ts';
import type { Draft, Merging } from './draft.ts';
import type { NetplanFile } from './facts.ts';
import { readNodes, type MapNode, type Node } from './nodes.ts';
import type { Note } from './prediction.ts';
import { begin, readDefinition, readRenderer, type Entry } from './read-definition.ts';
import type { Reading } from './reading.ts';
import { requireMap } from './read-routes.ts';
import { scalarOf } from './read-simple.ts';
import { refuse } from './refused.ts';
import { checkDraft } from './check-draft.ts';
import { checkId, quoted, readUint } from './values.ts';
import type { Rules } from './versions.ts';

const DIRECTORIES = ['/run/netplan/', '/etc/netplan/', '/lib/netplan/'] as const;
/** Values, list entries and mappings together; a bomb of aliases has more. */
const MOST_STEPS = 20_000;

/** Those that netplan reads, in its order. */
export function filesThatCount(files: readonly NetplanFile[]): NetplanFile[] {
  const byName = new Map<string, NetplanFile>();
  for (const directory of DIRECTORIES) {
    for (const file of files) {
      const name = file.path.startsWith(directory) ? file.path.slice(directory.length) : '';
      if (name.endsWith('.yaml') && !name.startsWith('.') && !name.includes('/') && !byName.has(name)) byName.set(name, file);
    }
  }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
}

/** @throws Refused */
export function merge(files: readonly NetplanFile[], rules: Rules, note: (note: Note) => void): Merging {
  const merging: Merging = { drafts: new Map(), renderer: null, files: [] };
  let steps = 0;
  const step = (place: Place): void => {
    steps += 1;
    if (steps > MOST_STEPS) refuse('too-large', 'there is more here than is read of a network configuration; do aliases multiply it?', place);
  };
  for (const file of filesThatCount(files)) {
    merging.files.push(file.path);
    const node = readNodes(file, note);
    if (node !== undefined) readFile(node, { merging, rules, note, step });
  }
  return merging;
}

function readFile(root: Node, common: Omit<Reading, 'known'>): void {
  const { merging } = common;
  const entries: Entry[] = [];
  for (const { key, value } of requireMap(root).entries) {
    const { text, place } = scalarOf(key);
    if (text !== 'network') refuse('unknown-key', `netplan knows no key ${quoted(text)} at the top of a file; all stands below network`, place);
    readNetwork(requireMap(value), common, entries);
  }
  const reading: Reading = { ...common, known: new Map([...merging.drafts.values()].map(({ id, type }) => [id, type])) };
  const touched = new Set<Draft>();
  for (const entry of entries) touched.add(readDefinition(reading, entry));
  for (const draft of touched) checkDraft(draft, reading);
}

function readNetwork({ entries }: MapNode, common: Omit<Reading, 'known'>, into: Entry[]): void {
  for (const { key, value } of entries) {
    const { text: name, place } = scalarOf(key);
    common.step(place);
    const type = DEFINITION_TYPES.find((each) => each === name);
    if (type !== undefined && ((type !== 'dummy-devices' && type !== 'virtual-ethernets') || common.rules.has(type))) readType(requireMap(value), type, common, into);
    else if (name === 'version') {
      const given = scalarOf(value);
      if (!/^[ \t]*\+?\d+$/.test(given.text) || readUint(given.text, given.place) !== 2) refuse('bad-version', `version ${quoted(given.text)} is not known; netplan has version 2 only`, given.place);
    } else if (name === 'renderer') common.merging.renderer = readRenderer(value, null);
    else if (name === 'openvswitch') {
      requireMap(value);
      common.note({ code: 'openvswitch', verdict: 'unknown', message: 'Open vSwitch is not modelled here', remedy: null, place, definition: null });
    } else refuse('unknown-key', `netplan knows no key ${quoted(name)} below network`, place);
  }
}

function readType({ entries }: MapNode, type: DefinitionType, common: Omit<Reading, 'known'>, into: Entry[]): void {
  let renderer: Renderer | null = null;
  for (const { key, value } of entries) {
    const { text: id, place } = scalarOf(key);
    common.step(place);
    if (id === 'renderer') {
      renderer = readRenderer(value, type);
      continue;
    }
    checkId(id, place);
    const entry: Entry = { type, id, place, node: requireMap(value) };
    begin(common, entry, renderer);
    into.push(entry);
  }
}
