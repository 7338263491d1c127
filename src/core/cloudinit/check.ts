/** Checks a user's cloud-init data before an instance is made of it: what cloud-init would stumble over, and where. */
import { type Document, isMap, isScalar, visit, type YAMLMap } from 'yaml';
import { MOST_MISTAKES, readYaml } from '../yaml/bounded-yaml.ts';
import { KNOWN_KEYS, nearestKey } from './known-keys.ts';
import { utf8Bytes, utf8Text } from './text.ts';
import { userDataKind, type UserDataKind } from './user-data-kind.ts';

/** Line and column count from 1; 0 when the finding has no place. */
export interface UserDataFinding {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export interface UserDataCheck {
  readonly kind: UserDataKind;
  readonly errors: readonly UserDataFinding[];
  readonly warnings: readonly UserDataFinding[];
  /** A configuration, but for the first line: the guest is to have it `withHeader`. */
  readonly lacksHeader?: true;
}

/** A person reads no more, and looking for what was meant takes its time. */
const MOST_WARNINGS = 20;
const MOST_ERRORS = 20;
/** YAML 1.1's merge key. */
const MERGE = '<<';
const NO_MAPPING = 'a cloud-config must be a mapping of keys to values';

/** Far more than any cloud allows; the seed is read whole into the guest's memory. */
export const MAX_USER_DATA_BYTES = 4 << 20;

/** @param bytes  unpacked, see host/unpack-user-data.ts */
export function checkUserData(bytes: Uint8Array): UserDataCheck {
  if (bytes.length > MAX_USER_DATA_BYTES) {
    return only('unknown', `the data has ${bytes.length} bytes; at most ${MAX_USER_DATA_BYTES} are taken`);
  }
  const kind = userDataKind(bytes);
  if (kind === 'gzip') return only(kind, 'the data is compressed twice');
  if (kind === 'empty') return { kind, errors: [], warnings: [] };
  const text = utf8Text(bytes);
  if (text === undefined) return kind === 'script' ? { kind, errors: [], warnings: [] } : only(kind, 'the data is not UTF-8 text');
  const nul = text.indexOf('\0');
  if (nul >= 0 && kind !== 'script') return { kind, errors: [placed('a NUL byte', text, nul)], warnings: [] };
  if (kind === 'cloud-config') {
    const { isMapping: _, ...check } = readCloudConfig(text);
    return check;
  }
  if (kind === 'unknown') return checkHeadless(text);
  const warnings = kind === 'include' ? [nowhere('when an included address cannot be fetched at boot, cloud-init drops all data of this instance, Holdfast\'s own with it')] : [];
  return { kind, errors: [], warnings };
}

/** What Multipass takes without a first line that says so. */
function checkHeadless(text: string): UserDataCheck {
  const { isMapping, ...config } = readCloudConfig(text);
  if (isMapping) return { ...config, lacksHeader: true };
  // A word or two are no configuration, and no mistake in one.
  if (config.errors.some(({ message }) => message !== NO_MAPPING)) return config;
  return { kind: 'unknown', errors: [], warnings: [nowhere('cloud-init will ignore this data: its first line is none that cloud-init knows, such as #cloud-config or #!/bin/sh')] };
}

/** What `checkUserData` found to lack it, with the first line by which cloud-init knows a configuration. */
export function withHeader(bytes: Uint8Array): Uint8Array {
  const header = utf8Bytes('#cloud-config\n');
  const headed = new Uint8Array(header.length + bytes.length);
  headed.set(header);
  headed.set(bytes, header.length);
  return headed;
}

/** @returns with whether the text is a mapping that can be read */
function readCloudConfig(text: string): UserDataCheck & { readonly isMapping: boolean } {
  const [kind, isMapping] = ['cloud-config', false] as const;
  const read = readYaml(text, { version: '1.1' });
  const at = (offset: number, message: string): UserDataFinding => {
    const { line, col } = read.lines.linePos(offset);
    return { message, line, column: col };
  };
  if ('beyond' in read) {
    if (read.beyond === 'parts') return { kind, isMapping, errors: [], warnings: [nowhere('the cloud-config has too many parts to be checked; cloud-init may stumble over it')] };
    const message = read.beyond === 'deep' ? 'this is nested deeper than cloud-init can read' : `this is the first of more than ${MOST_MISTAKES} mistakes; is it YAML at all?`;
    return { kind, isMapping, errors: [at(read.offset, message)], warnings: [] };
  }
  const { document } = read;
  const errors = document.errors.slice(0, MOST_ERRORS).map((error) => at(error.pos[0], reworded(error.code, error.message)));
  if (errors.length > 0) return { kind, isMapping, errors, warnings: [] };
  const top = document.contents;
  if (top === null || (isScalar(top) && top.value === null)) return { kind, isMapping, errors, warnings: [nowhere('the cloud-config is empty')] };
  if (!isMap(top)) return { kind, isMapping, errors: [at(top.range?.[0] ?? 0, NO_MAPPING)], warnings: [] };
  const repeated = repeatedKeys(document);
  const warnings = repeated.slice(0, MOST_WARNINGS).map(({ key, offset }) => at(offset, `the key ${JSON.stringify(key)} is there twice; cloud-init uses the last one and says nothing`));
  if (repeated.length > MOST_WARNINGS) warnings.push(nowhere('there are more keys that are there twice'));
  return { kind, isMapping: true, errors, warnings: [...warnings, ...unknownKeys(top, at)] };
}

function unknownKeys(top: YAMLMap, at: (offset: number, message: string) => UserDataFinding): UserDataFinding[] {
  const warnings: UserDataFinding[] = [];
  const known = new Set(KNOWN_KEYS);
  for (const { key } of top.items) {
    const name = isScalar(key) ? (key.source ?? String(key.value)) : '?';
    if (known.has(name) || name === MERGE) continue;
    if (warnings.length === MOST_WARNINGS) {
      warnings.push(nowhere('there are more keys that cloud-init does not know'));
      break;
    }
    const meant = nearestKey(name);
    const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
    warnings.push(at(offset, `cloud-init knows no key ${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean ${meant}?`}`));
  }
  return warnings;
}

/** The parser would look for them too, but compares each key of a mapping with all before it. */
function repeatedKeys(document: Document): { readonly key: string; readonly offset: number }[] {
  const found: { readonly key: string; readonly offset: number }[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.source === MERGE) continue;
        if (seen.has(key.value)) found.push({ key: (key.source ?? String(key.value)).slice(0, 80), offset: key.range?.[0] ?? 0 });
        seen.add(key.value);
      }
    },
  });
  return found.toSorted((a, b) => a.offset - b.offset);
}

function reworded(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab cannot indent in YAML; use spaces';
  return message;
}

function only(kind: UserDataKind, message: string): UserDataCheck {
  return { kind, errors: [nowhere(message)], warnings: [] };
}

function nowhere(message: string): UserDataFinding {
  return { message, line: 0, column: 0 };
}

function placed(message: string, text: string, offset: number): UserDataFinding {
  const before = text.slice(0, offset).split('\n');
  return { message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
