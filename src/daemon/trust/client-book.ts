/** Who is let in over TLS, for whoever runs the daemon: to see it, and to end it for one, with all that he has open. */
import type { WireClient, WireForgotten } from '../../api/trust-schemas.ts';
import { fail } from '../../core/errors.ts';
import type { TrustedClient, TrustedClients } from '../../store/trusted-clients.ts';
import type { Log } from '../log/log.ts';

export interface ClientBook {
  list(): WireClient[];
  /** @param which  a fingerprint, or a name that one alone has  @throws not-found, bad-argument, home-unusable */
  forget(which: string): WireForgotten;
}

/** Connections of one client, by its fingerprint. */
export interface Connections {
  countOf(fingerprint: string): number;
  /** @returns how many there were */
  end(fingerprint: string): number;
}

export interface ClientBookParts {
  readonly clients: TrustedClients;
  /** undefined while nothing listens yet. */
  readonly connections: () => Connections | undefined;
  readonly log: Log;
  readonly now: () => number;
}

export function clientBook({ clients, connections, log, now }: ClientBookParts): ClientBook {
  return {
    list: () => clients.all().map((client) => ({ ...client, name: nameOf(client), connections: connections()?.countOf(client.fingerprint) ?? 0 })),
    forget(which) {
      const { fingerprint, name } = theOne(clients.all(), which);
      // First the trust, then the connections: what comes in between is refused.
      clients.remove(fingerprint);
      const ended = connections()?.end(fingerprint) ?? 0;
      // Each time it is news, however often one comes back.
      log.line(`forgot ${fingerprint} ${now()}`, null, `${name} (${fingerprint}) was forgotten, by who runs this daemon, and is let in no more; connections that were ended: ${ended}`);
      return { fingerprint, name: nameOf({ name }), connections: ended };
    },
  };
}

/** A name is its bearer's own word: where two have it, none of them is meant. */
function theOne(all: readonly TrustedClient[], which: string): TrustedClient {
  const byFingerprint = all.find(({ fingerprint }) => fingerprint === which);
  const named = all.filter((client) => nameOf(client) === which);
  const found = byFingerprint ?? (named.length === 1 ? named[0] : undefined);
  if (found) return found;
  if (named.length > 1) throw fail('bad-argument', `${named.length} clients are called "${which}"`, { hint: `say which one by its fingerprint: ${named.map(({ fingerprint }) => fingerprint).join(', ')}` });
  throw fail('not-found', `client "${which}" does not exist: nobody of that name or fingerprint is let in`, { hint: 'who is: holdfast clients' });
}

/** Each of ours begins with the program's name. */
function nameOf({ name }: Pick<TrustedClient, 'name'>): string {
  return name.replace(/^holdfast (?=.)/, '');
}
