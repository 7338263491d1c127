/**
 * The certificates that daemons on TCP have shown this user, as ssh keeps host keys: taken at the first connection, and
 * held to ever after. A line is an address and a fingerprint; it may be written by hand before the first connection.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../core/errors.ts';

/** Nothing is kept. @throws daemon-changed, home-unusable */
export async function wasSeen(file: string, address: string, fingerprint: string): Promise<boolean> {
  const known = fingerprintAt(address, await textOf(file));
  if (known === undefined || known === fingerprint) return known !== undefined;
  throw fail('daemon-changed', `the daemon at ${address} shows another certificate than before: ${fingerprint}, not ${known}`, {
    hint: `somebody may be in between, and nothing was sent. If it was made anew, delete its line from ${file} and authenticate again`,
  });
}

/** @returns whether it was seen before; it is kept from now on  @throws daemon-changed, home-unusable */
export async function isKnownServer(file: string, address: string, fingerprint: string): Promise<boolean> {
  if (await wasSeen(file, address, fingerprint)) return true;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, `${address} ${fingerprint}\n`, { mode: 0o600 });
  } catch (error) {
    throw unusable(file, error);
  }
  return false;
}

function fingerprintAt(address: string, text: string): string | undefined {
  for (const line of text.split('\n')) {
    const [at, fingerprint] = line.trim().split(/\s+/);
    if (at === address && fingerprint) return fingerprint.toLowerCase();
  }
  return undefined;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    // What cannot be read may name another certificate.
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): Error {
  return fail('home-unusable', `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { hint: 'in it is which daemons are known: make it yours to read and write', cause: error });
}
