/** What sshfs and the scripts around it do in a fake guest: a file in its machine's directory says what is mounted. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Faults } from './protocol.ts';

/** As guest/mounts.ts has it. */
const NO_SSHFS = 90;

interface Streams {
  readonly input: AsyncIterable<string>;
  readonly signal: AbortSignal;
}

/** Until its input ends. @returns the exit code */
export async function serveMount(target: string, directory: string, { input, signal }: Streams): Promise<number> {
  appendFileSync(listIn(directory), `${target}\n`);
  const gone = new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve(), { once: true }); });
  await Promise.race([(async () => { for await (const piece of input) void piece; })(), gone]);
  forget(target, directory);
  return 0;
}

/** @param name  of the script, as guest/mounts.ts has it. @returns the exit code */
export async function mountScript(name: string, [target = '']: readonly string[], directory: string, say: (line: string) => void): Promise<number> {
  // What an earlier one left, of before the machine was stopped.
  if (name === 'holdfast-prepare' || name === 'holdfast-umount') forget(target, directory);
  if (name === 'holdfast-install') return await new Promise(() => undefined);
  if (name === 'holdfast-prepare' && installsForEver(directory)) return NO_SSHFS;
  if (name === 'holdfast-native' && !mounted(directory).includes(target)) appendFileSync(listIn(directory), `${target}\n`);
  if (name === 'holdfast-let-go') forget(target, directory);
  if (name === 'holdfast-prepare') say('1000 1000 taken');
  if (name !== 'holdfast-wait') return 0;
  for (let left = 100; left > 0 && !mounted(directory).includes(target); left -= 1) await new Promise((resolve) => { setTimeout(resolve, 20); });
  return mounted(directory).includes(target) ? 0 : 1;
}

function forget(target: string, directory: string): void {
  writeFileSync(listIn(directory), mounted(directory).filter((each) => each !== target).map((each) => `${each}\n`).join(''));
}

function mounted(directory: string): string[] {
  try {
    return readFileSync(listIn(directory), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function installsForEver(directory: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(directory, 'faults.json'), 'utf8')) as Faults).installsForEver ?? false;
  } catch {
    return false;
  }
}

function listIn(directory: string): string {
  return join(directory, 'mounts');
}
