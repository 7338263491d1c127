/** Who comes in over TLS is told apart by his certificate, and let in once he has said the passphrase. */
import { fail } from '../../core/errors.ts';
import { oneAtATime } from '../../core/one-at-a-time.ts';
import { isPassphrase } from '../../host/passphrase.ts';
import type { TrustedClients } from '../../store/trusted-clients.ts';
import type { Log } from '../log/log.ts';
import { attempts, sourceOf } from './attempts.ts';

/** Who is at the other end of a TLS connection. */
export interface RemoteClient {
  /** Of the certificate whose key he has. */
  readonly fingerprint: string;
  /** That the certificate says: his own word. */
  readonly name: string;
  /** IP address. */
  readonly address: string;
}

export interface Trust {
  isTrusted(client: RemoteClient): boolean;
  /** Lets him in from now on. @throws wrong-passphrase, too-many-attempts, not-authenticated where there is no passphrase */
  authenticate(client: RemoteClient, passphrase: string): Promise<void>;
}

export interface TrustParts {
  readonly clients: TrustedClients;
  /** The passphrase as it is kept, '' where none is set. */
  readonly kept: () => string;
  readonly log: Log;
}

/** For a person who mistypes; a guesser gets one a second. */
const PACE = { burst: 4, everyMs: 1000, sources: 10_000 };
/** Each takes some 50 ms of one processor: with as many in line, the next is told to come again. */
const MOST_WAITING = 20;

export function makeTrust({ clients, kept, log }: TrustParts): Trust {
  const { waitFor } = attempts(PACE, () => performance.now());
  let waiting = 0;
  /** One after another, whoever asks: guessing from many addresses takes no more than one thread. */
  const inTurn = oneAtATime();
  const isRight = async (passphrase: string, hash: string): Promise<boolean> => {
    waiting += 1;
    return await inTurn(() => isPassphrase(passphrase, hash)).finally(() => { waiting -= 1; });
  };
  return {
    isTrusted: ({ fingerprint }) => clients.has(fingerprint),
    async authenticate({ fingerprint, name, address }, passphrase) {
      const hash = kept();
      if (hash === '') {
        throw fail('not-authenticated', 'No passphrase is set, so nobody can be authenticated', { hint: 'set one where the daemon runs: holdfast set local.passphrase' });
      }
      const wait = waiting >= MOST_WAITING ? PACE.everyMs : waitFor(sourceOf(address));
      if (wait > 0) throw fail('too-many-attempts', 'Too many passphrases were tried', { hint: `try again in ${Math.ceil(wait / 1000)} s` });
      if (!await isRight(passphrase, hash)) {
        log.line('authenticate', null, `a wrong passphrase was given from ${address}`, 'a long one cannot be guessed; that of this daemon is local.passphrase');
        throw fail('wrong-passphrase', 'Passphrase is not correct', { hint: 'try again, or ask whoever runs the daemon' });
      }
      // It may have been changed, or taken away, meanwhile.
      if (kept() !== hash) throw fail('wrong-passphrase', 'Passphrase is not correct', { hint: 'it was changed just now' });
      clients.add({ fingerprint, name, address });
      // Each time it is news: he may have been forgotten meanwhile.
      log.line(`authenticated ${fingerprint} ${Date.now()}`, null, `${name} (${fingerprint}) from ${address} has said the passphrase and is let in`);
    },
  };
}
