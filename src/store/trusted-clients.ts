/**
 * The certificates of clients that are let in over TLS: a file, as ssh has authorized_keys, so that whoever runs the daemon
 * sees with any program who is let in, and ends it by taking the line out. A line is fingerprint, time, and whom it was from.
 */
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { plainLine } from '../core/plain-text.ts';

export interface TrustedClients {
  /** As the file is now. */
  has(fingerprint: string): boolean;
  /** @param from  for people: the certificate's name and where it came from */
  add(fingerprint: string, from: string): void;
}

const LONGEST_FROM = 200;
const HEAD = '# Clients that are let in over TLS. To end it for one, delete its line.\n';

export function trustedClients(file: string): TrustedClients {
  let known: ReadonlySet<string> = new Set();
  let read = '';
  const look = (): ReadonlySet<string> => {
    const found = statSync(file, { throwIfNoEntry: false });
    const version = found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
    if (version !== read) known = found ? fingerprintsIn(readFileSync(file, 'utf8')) : new Set();
    read = version;
    return known;
  };
  return {
    has: (fingerprint) => look().has(fingerprint),
    add(fingerprint, from) {
      if (look().has(fingerprint)) return;
      const text = read === '' ? '' : readFileSync(file, 'utf8');
      // The last line of a file that somebody edited may have no end.
      const before = text === '' ? HEAD : text.endsWith('\n') ? '' : '\n';
      appendFileSync(file, `${before}${fingerprint} ${new Date().toISOString()} ${plainLine(from, LONGEST_FROM)}\n`, { mode: 0o600, flush: true });
    },
  };
}

function fingerprintsIn(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').map((line) => line.trim().split(/\s/, 1)[0] ?? '').filter((word) => word !== '' && !word.startsWith('#')));
}
