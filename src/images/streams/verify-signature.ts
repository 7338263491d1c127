/**
 * Has gpgv look at a signed file and write out what the signature covers; nothing else of the file is ever read. The file
 * may be made to attack it: it gets little memory, little time, no rights, and open files in place of paths.
 */
import { open } from 'node:fs/promises';
import { judgeSignature } from '../../core/catalogue/signature.ts';
import { fail } from '../../core/errors.ts';
import type { Run } from '../run.ts';
import { NOBODY } from '../verify/nobody.ts';

const MEMORY_BYTES = 1024 ** 3;
const CPU_SECONDS = 30;

export interface Signed {
  readonly from: string;
  /** Gets what is signed. */
  readonly to: string;
  /** A file with the keys, in the form that gpgv reads, and readable by all. */
  readonly keyring: string;
  /** As people know it. */
  readonly name: string;
  readonly mostBytes: number;
}

/** @returns when it was signed, in seconds since 1970  @throws image-refused, tool-missing, no-space, cancelled */
export async function verifySignature({ from, to, keyring, name, mostBytes }: Signed, run: Run, signal: AbortSignal): Promise<number> {
  await using signed = await open(from, 'r');
  await using content = await open(to, 'w', 0o600);
  await using keys = await open(keyring, 'r');
  const limits = [`--as=${MEMORY_BYTES}`, `--cpu=${CPU_SECONDS}`, '--core=0', `--fsize=${mostBytes}`];
  const lines: string[] = [];
  const result = await run('prlimit', [...limits, '--', 'gpgv', '--homedir', '/nonexistent', '--keyring', '/dev/fd/3', '--status-fd', '2', '--output', '-', '-'], {
    signal, cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C' }, input: signed.fd, output: content.fd, descriptor3: keys.fd,
    onLine: (line) => lines.push(line), ...(process.getuid?.() === 0 ? { user: NOBODY } : {}),
  });
  if (result.exitCode === 127) throw fail('tool-missing', `the signature of ${name} cannot be checked: gpgv is not installed`, { hint: 'install: sudo apt-get install gpgv' });
  if (lines.some((line) => /No space left/.test(line))) throw fail('no-space', `no space is left for ${name}`, { hint: 'free some where images are kept' });
  const verdict = judgeSignature(lines, result.exitCode);
  if (verdict.kind === 'good') return verdict.signedAt;
  throw fail('image-refused', `${name} is refused: its signature ${verdict.reason}`, { hint: 'nothing of it is used: what was known before stays' });
}
