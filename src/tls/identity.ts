/** The key of one end of a connection and the certificate that goes with it, in one file that is its owner's alone. */
import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../core/errors.ts';
import { selfSigned } from './self-signed.ts';

export interface Identity {
  /** PEM, both. */
  readonly key: string;
  readonly certificate: string;
  readonly fingerprint: string;
}

const BLOCK = (label: string) => new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`);
const SERIAL_BYTES = 16;

/**
 * Reads it, and makes it where there is none: a second call, or another process at the same time, gives the same.
 * @param commonName  of one that is made
 * @throws home-unusable
 */
export function ensureIdentity(path: string, commonName: string): Identity {
  try {
    return read(path) ?? make(path, commonName);
  } catch (error) {
    throw fail('home-unusable', `${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'move it away, and a new one is made; the other end has to be told of that one anew', cause: error,
    });
  }
}

/** SHA-256 of the certificate's DER, as it is written for people and kept: `sha256:` and 64 hex digits. */
export function fingerprintOf(der: Uint8Array): string {
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

function read(path: string): Identity | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  // Whoever has copied it may have opened it to others.
  chmodSync(path, 0o600);
  const [key, certificate] = [BLOCK('PRIVATE KEY').exec(text)?.[0], BLOCK('CERTIFICATE').exec(text)?.[0]];
  if (key === undefined || certificate === undefined) throw new Error('it has no key and certificate in it');
  return { key, certificate, fingerprint: fingerprintOf(new X509Certificate(certificate).raw) };
}

function make(path: string, commonName: string): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = selfSigned({
    commonName, publicKey: publicKey.export({ type: 'spki', format: 'der' }), serial: randomBytes(SERIAL_BYTES),
  }, (bytes) => sign('sha256', bytes, privateKey));
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(temporary, `${String(privateKey.export({ type: 'pkcs8', format: 'pem' }))}${new X509Certificate(der).toString()}`, { mode: 0o600, flag: 'wx', flush: true });
    // Not a rename: of two that make one at once, the later takes the earlier's.
    linkSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  const made = read(path);
  if (!made) throw new Error('it went away while it was made');
  return made;
}
