/**
 * The certificates of clients that are let in over TLS: a file, as ssh has authorized_keys, so that whoever runs the daemon
 * sees with any program who is let in, and may take a line out. A line is fingerprint, time, and whom it was from.
 */
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { fail } from '../core/errors.ts';
import { plainLine } from '../core/plain-text.ts';

export interface TrustedClient {
  readonly fingerprint: string;
  /** That its certificate says: its own word, on one line; what somebody wrote there by hand, or ''. */
  readonly name: string;
  /** IP address that it came from then; null in a line that was written by hand. */
  readonly address: string | null;
  /** ISO time; null likewise. */
  readonly since: string | null;
}

export interface TrustedClients {
  /** As the file is now. */
  has(fingerprint: string): boolean;
  /** In the order of the file, each once. */
  all(): readonly TrustedClient[];
  add(client: Omit<TrustedClient, 'since'>): void;
  /** Takes out each line that has it; all others stay as they are. @throws home-unusable */
  remove(fingerprint: string): void;
}

/** Shorter than what a certificate may say: the address stands behind it. */
const LONGEST_NAME = 128;
const HEAD = '# Clients that are let in over TLS. To end it for one: holdfast clients forget\n';
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

export function trustedClients(file: string): TrustedClients {
  let known: ReadonlyMap<string, TrustedClient> = new Map();
  let read = '';
  const look = (): ReadonlyMap<string, TrustedClient> => {
    const found = statSync(file, { throwIfNoEntry: false });
    const version = found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
    if (version !== read) known = found ? clientsIn(readFileSync(file, 'utf8')) : new Map();
    read = version;
    return known;
  };
  return {
    has: (fingerprint) => look().has(fingerprint),
    all: () => [...look().values()],
    add({ fingerprint, name, address }) {
      if (look().has(fingerprint)) return;
      const text = read === '' ? '' : readFileSync(file, 'utf8');
      // The last line of a file that somebody edited may have no end.
      const before = text === '' ? HEAD : text.endsWith('\n') ? '' : '\n';
      appendFileSync(file, `${before}${fingerprint} ${new Date().toISOString()} ${plainLine(name, LONGEST_NAME)} from ${address ?? ''}\n`, { mode: 0o600, flush: true });
    },
    remove(fingerprint) {
      // Whole or not at all: a part of it would keep out others.
      const beside = `${file}.new`;
      try {
        const left = readFileSync(file, 'utf8').split('\n').filter((line) => fingerprintIn(line) !== fingerprint);
        rmSync(beside, { force: true });
        writeFileSync(beside, left.join('\n'), { mode: 0o600, flag: 'wx', flush: true });
        renameSync(beside, file);
      } catch (error) {
        rmSync(beside, { force: true });
        throw fail('home-unusable', `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`, { hint: 'it still lets in whom it has: see who owns it, and whether its disk is full', cause: error });
      }
    },
  };
}

/** The first line of each counts. */
function clientsIn(text: string): ReadonlyMap<string, TrustedClient> {
  const found = new Map<string, TrustedClient>();
  for (const line of text.split('\n')) {
    const fingerprint = fingerprintIn(line);
    if (fingerprint !== '' && !found.has(fingerprint)) found.set(fingerprint, clientIn(fingerprint, line));
  }
  return found;
}

/** @returns '' where it has none */
function fingerprintIn(line: string): string {
  const [word = ''] = line.trim().split(/\s/, 1);
  return word.startsWith('#') ? '' : word;
}

function clientIn(fingerprint: string, line: string): TrustedClient {
  const [time = '', ...rest] = line.trim().slice(fingerprint.length).trim().split(' ');
  if (!TIME.test(time)) return { fingerprint, name: plainLine([time, ...rest].join(' ')), address: null, since: null };
  const said = rest.join(' ');
  // The daemon has put it there, behind whatever the certificate says.
  const at = said.lastIndexOf(' from ');
  const address = at < 0 ? '' : said.slice(at + ' from '.length);
  return isIP(address) === 0 ? { fingerprint, name: plainLine(said), address: null, since: time } : { fingerprint, name: plainLine(said.slice(0, at)), address, since: time };
}
