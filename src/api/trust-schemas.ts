/** The wire form of who is let in over TLS. */
import { Type, type Static } from 'typebox';
import { closed, nullable, oneOf } from './schema-parts.ts';

export const PassphraseSchema = Type.Object({ passphrase: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })) }, closed);

/** How the client stands with the daemon: `local`: it came in by a socket of the daemon's own machine and needs no passphrase. */
export const AuthenticationSchema = Type.Object({ standing: oneOf(['local', 'known', 'accepted', 'unknown']) }, closed);

export const ClientSchema = Type.Object({
  /** Of its certificate: by this it is known. */
  fingerprint: Type.String(),
  /** Its own word. */
  name: Type.String(),
  /** That it came from when it was let in; null where somebody wrote its line by hand. */
  address: nullable(Type.String()),
  since: nullable(Type.String()),
  /** That are open now. */
  connections: Type.Integer(),
}, closed);

/** `connections`: that were ended. */
export const ForgottenSchema = Type.Object({ fingerprint: Type.String(), name: Type.String(), connections: Type.Integer() }, closed);

export type WireClient = Static<typeof ClientSchema>;
export type WireForgotten = Static<typeof ForgottenSchema>;
