/** A passphrase as it is kept: scrypt (RFC 7914) with a salt of its own, so that who reads the home does not have it. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** Of Node's default, 16 MiB and some 50 ms: a guess costs as much. */
const COST = { N: 16_384, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const KEPT = /^scrypt:(\d+):(\d+):(\d+):([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;

/** @returns `scrypt:N:r:p:salt:key`, base64 */
export async function hashPassphrase(passphrase: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(passphrase, salt, KEY_BYTES, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join(':');
}

/** In the same time whether it is nearly right or not; false for what was kept in another form. */
export async function isPassphrase(passphrase: string, kept: string): Promise<boolean> {
  const [, n, r, p, salt, key] = KEPT.exec(kept) ?? [];
  if (n === undefined || salt === undefined || key === undefined) return false;
  const expected = Buffer.from(key, 'base64');
  const given = await derive(passphrase, Buffer.from(salt, 'base64'), expected.length, { N: Number(n), r: Number(r), p: Number(p) });
  return timingSafeEqual(given, expected);
}
