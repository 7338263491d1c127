/** The wire form of who is let in over TLS. */
import { Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const oneOf = <const T extends string>(values: readonly T[]) => Type.Unsafe<T>({ type: 'string', enum: [...values] });

export const PassphraseSchema = Type.Object({ passphrase: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })) }, closed);

/** How the client stands with the daemon: `local`: it came in by a socket of the daemon's own machine and needs no passphrase. */
export const AuthenticationSchema = Type.Object({ standing: oneOf(['local', 'known', 'accepted', 'unknown']) }, closed);
