/** Starts the process that serves one mount, and finds out before whether it could. */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fail } from '../../core/errors.ts';
import { NODE_FLAGS } from '../../core/node-flags.ts';
import { run } from '../process/run.ts';
import type { SftpWork } from './work.ts';

const CHECK_MS = 20_000;
/** uid and gid of a line of passwd(5): the third field and the fourth. */
const GROUP_FIELD = 3;

export interface MountServer extends Disposable {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** Ended with `dispose`, or when its input ends. */
export function serveMount(script: string, work: SftpWork): MountServer {
  const child = spawn(process.execPath, argumentsOf(script, work), { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/' });
  // Told by the end of its output too.
  for (const each of [child, child.stdin, child.stdout]) each.on('error', () => {});
  return { stdin: child.stdin, stdout: child.stdout, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

const WHY: readonly (readonly [code: string, why: string])[] = [['ENOENT', 'does not exist'], ['ENOTDIR', 'is not a directory'], ['EACCES', 'is not readable by you']];

/** @throws bad-argument  the source is no directory that this person may read */
export async function checkSource(script: string, work: SftpWork): Promise<void> {
  try {
    await run({ tool: process.execPath, args: argumentsOf(script, { ...work, check: true }), package: 'nodejs', deadlineMs: CHECK_MS, env: {}, cwd: '/' });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const why = WHY.find(([code]) => said.includes(code))?.[1];
    throw why === undefined ? error : fail('bad-argument', `Source path "${work.source}" ${why}`, { cause: error });
  }
}

/** First group of a user of the host. @throws no-rights  the host knows no such user */
export async function primaryGroup(uid: number): Promise<number> {
  if (uid === process.getuid?.()) return process.getgid?.() ?? uid;
  const { stdout } = await run({ tool: 'getent', args: ['passwd', String(uid)], package: 'libc-bin', deadlineMs: CHECK_MS, passCodes: [2] });
  const gid = Number(stdout.split(':')[GROUP_FIELD] ?? Number.NaN);
  if (!Number.isSafeInteger(gid) || stdout === '') throw fail('no-rights', `this host knows no user with the id ${uid}, whose directories could be mounted`);
  return gid;
}

function argumentsOf(script: string, work: SftpWork): string[] {
  return [...NODE_FLAGS, script, JSON.stringify(work)];
}
