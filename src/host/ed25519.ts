/**
 * Ed25519 keys in OpenSSH's own text forms (PROTOCOL.key in OpenSSH's sources, RFC 8709 for the public form). ssh2 makes
 * such keys too, but leaves out a zero byte that a public key begins with: one in 256 is then refused by whoever reads it.
 */
import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';

export interface KeyPair {
  readonly privateKey: string;
  /** One line: type, base64, comment. */
  readonly publicKey: string;
}

const TYPE = 'ssh-ed25519';
const MAGIC = 'openssh-key-v1\0';
/** Of a key that no passphrase protects: the block size that the secret part is padded to. */
const BLOCK_BYTES = 8;
const LINE_CHARS = 70;

export function makeKeyPair(comment: string): KeyPair {
  return encodeKeyPair(generateKeyPairSync('ed25519').privateKey, comment);
}

/** @throws TypeError for a key that is not Ed25519 */
export function encodeKeyPair(key: KeyObject, comment: string): KeyPair {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const seed = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const point = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  const shown = Buffer.concat([text(TYPE), text(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, shown, text(Buffer.concat([seed, point])), text(comment)]);
  const padding = Buffer.from(Array.from({ length: (BLOCK_BYTES - secret.length % BLOCK_BYTES) % BLOCK_BYTES }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([Buffer.from(MAGIC), text('none'), text('none'), text(''), count, text(shown), text(Buffer.concat([secret, padding]))]);
  const lines = whole.toString('base64').match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `${TYPE} ${shown.toString('base64')} ${comment}`,
  };
}

/** A `string` of RFC 4251: its length in four bytes, then itself. */
function text(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
