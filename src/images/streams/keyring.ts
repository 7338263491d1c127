/** The keys that a remote's files must be signed with: those that Holdfast ships, or a file of the user's. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';

/** What gpgv reads: OpenPGP keys one behind the other, without armour (RFC 4880, 11.1). */
export type Keyring = Buffer;

const MOST_BYTES = 1024 * 1024;

/** @param directory  of the keys that Holdfast ships */
export async function shippedKeyring(directory: string, names: readonly string[]): Promise<Keyring> {
  return Buffer.concat(await Promise.all(names.map(async (name) => dearmour(await readFile(join(directory, `${name}.asc`))))));
}

/** @throws bad-setting */
export async function keyringFile(path: string): Promise<Keyring> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fail('bad-setting', `the keys in ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { hint: 'see: holdfast get local.image.keys' });
  });
  const keys = bytes.length > MOST_BYTES ? Buffer.alloc(0) : dearmour(bytes);
  // A public key's packet comes first: tag 6, in the old or the new form.
  if (![0x98, 0x99, 0x9a, 0xc6].includes(keys[0] ?? 0)) throw fail('bad-setting', `${path} holds no public keys of OpenPGP`, { hint: 'make it with: gpg --export --armor <key> > keys.asc' });
  return keys;
}

/** Tells a catalogue that was verified with other keys. */
export function keyringName(keyring: Keyring): string {
  return createHash('sha256').update(keyring).digest('hex').slice(0, 16);
}

/** Takes each armoured block apart (RFC 4880, 6.2); what is not armoured stays as it is. */
function dearmour(bytes: Buffer): Buffer {
  const blocks = [...bytes.toString('latin1').matchAll(/-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+\r?\n)*\r?\n([A-Za-z0-9+/=\s]*?)\r?\n(?:=[A-Za-z0-9+/]{4}\r?\n)?-----END PGP PUBLIC KEY BLOCK-----/g)];
  return blocks.length === 0 ? bytes : Buffer.concat(blocks.map(([, base64 = '']) => Buffer.from(base64, 'base64')));
}
