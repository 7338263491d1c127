import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { encodeKeyPair, makeKeyPair } from './ed25519.ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Seeds with what their public keys begin with. */
const SEEDS = [['c32cbf67ce2c8e551b7c8d146999dc54ce62cdf2e6cadd8b66048efc996c1610', 0x00], ['dbacc299db8f6485be3e7ba7c365c53da324ffce1c56ebfb220c989a711abe28', 0x80]] as const;

test.each(SEEDS)('a key of the seed %s, whose public key begins with %i, is read by ssh2 and by OpenSSH', async (seed, first) => {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(seed, 'hex')]), format: 'der', type: 'pkcs8' });
  const pair = encodeKeyPair(key, 'a comment');
  const blob = Buffer.from(pair.publicKey.split(' ')[1] ?? '', 'base64');
  expect(blob.at(-32)).toBe(first);
  const parsed = ssh2.utils.parseKey(pair.privateKey);
  if (parsed instanceof Error) throw parsed;
  expect(parsed.getPublicSSH()).toEqual(blob);
  const data = Buffer.from('signed');
  expect(parsed.verify(data, parsed.sign(data))).toBe(true);
  const scratch = await mkdtemp(join(tmpdir(), 'hf-key-'));
  try {
    await writeFile(join(scratch, 'key'), pair.privateKey, { mode: 0o600 });
    const { stdout } = await promisify(execFile)('ssh-keygen', ['-y', '-f', join(scratch, 'key')]);
    expect(stdout.trim()).toBe(pair.publicKey);
  } finally {
    await rm(scratch, { recursive: true });
  }
});

test('as many as make a leading zero certain are all read', () => {
  for (let made = 0; made < 3000; made += 1) {
    expect(ssh2.utils.parseKey(makeKeyPair('c'.repeat(made % 9)).privateKey)).not.toBeInstanceOf(Error);
  }
});
