import { createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ensureIdentity, fingerprintOf } from './identity.ts';
import { integer, octets, oid } from './der.ts';
import { selfSigned } from './self-signed.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const made = (commonName: string, serial: Uint8Array): Uint8Array =>
  selfSigned({ commonName, serial, publicKey: publicKey.export({ type: 'spki', format: 'der' }) }, (bytes) => sign('sha256', bytes, privateKey));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('numbers, identifiers and lengths are written as X.690 has them', () => {
  expect([hex(integer(Uint8Array.of(0))), hex(integer(Uint8Array.of(0, 0, 127))), hex(integer(Uint8Array.of(128))), hex(integer(Uint8Array.of(1, 0)))])
    .toEqual(['020100', '02017f', '02020080', '02020100']);
  expect(hex(oid('1.2.840.10045.4.3.2'))).toBe('06082a8648ce3d040302');
  expect([hex(octets(new Uint8Array(127)).subarray(0, 2)), hex(octets(new Uint8Array(128)).subarray(0, 3)), hex(octets(new Uint8Array(300)).subarray(0, 4))])
    .toEqual(['047f', '048180', '0482012c']);
});

test('a certificate of any name and serial number is read by Node, and verifies by its own key', () => {
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (name, serial) => {
    const read = new X509Certificate(made(name, serial));
    expect(read.verify(publicKey)).toBe(true);
    expect(read.checkPrivateKey(privateKey)).toBe(true);
    expect(BigInt(`0x${read.serialNumber}`)).toBe(BigInt(`0x${hex(serial)}`));
    expect(read.ca).toBe(false);
    expect(read.subject).toBe(read.issuer);
  }), { numRuns: 30 });
});

test('OpenSSL reads it and checks its signature', () => {
  const pem = new X509Certificate(made('holdfast on apollo', randomBytes(16))).toString();
  const said = execFileSync('openssl', ['x509', '-noout', '-text', '-nameopt', 'RFC2253'], { input: pem, encoding: 'utf8' });
  expect(said).toMatch(/Version: 3 \(0x2\)[^]*Signature Algorithm: ecdsa-with-SHA256[^]*Issuer: CN=holdfast on apollo\n[^]*Not Before: Jan {2}1 00:00:00 2000 GMT\n\s*Not After : Dec 31 23:59:59 9999 GMT/);
  expect(said).toMatch(/X509v3 Basic Constraints: critical\n\s*CA:FALSE/);
  const directory = mkdtempSync(join(tmpdir(), 'hf-x509-'));
  try {
    writeFileSync(join(directory, 'c.pem'), pem);
    expect(execFileSync('openssl', ['verify', '-check_ss_sig', '-CAfile', join(directory, 'c.pem'), join(directory, 'c.pem')], { encoding: 'utf8' })).toMatch(/: OK\n$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('an identity is made once, for its owner alone, and read again', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-identity-'));
  try {
    const path = join(directory, 'client/identity.pem');
    const first = ensureIdentity(path, 'holdfast of ann');
    expect([statSync(path).mode & 0o777, statSync(join(directory, 'client')).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(first.fingerprint).toBe(fingerprintOf(new X509Certificate(first.certificate).raw));
    expect(new X509Certificate(first.certificate).checkPrivateKey(createPrivateKey(first.key))).toBe(true);
    chmodSync(path, 0o644);
    expect(ensureIdentity(path, 'another name')).toEqual(first);
    expect([statSync(path).mode & 0o777, readdirSync(join(directory, 'client'))]).toEqual([0o600, ['identity.pem']]);
    writeFileSync(path, 'nothing');
    expect(() => ensureIdentity(path, 'x')).toThrow(`${path} cannot be used: it has no key and certificate in it`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('of several processes that make one at once all have the same', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-identity-'));
  try {
    const script = `const { ensureIdentity } = await import(${JSON.stringify(new URL('identity.ts', import.meta.url).href)});
      process.stdout.write(ensureIdentity(${JSON.stringify(join(directory, 'identity.pem'))}, 'x').fingerprint);`;
    const said = await Promise.all(Array.from({ length: 4 }, async () => (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])).stdout));
    expect(said[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(new Set(said).size).toBe(1);
    expect(readdirSync(directory)).toEqual(['identity.pem']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
