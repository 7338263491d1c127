/** What runs on behalf of a home, by command line or environment: tests end with none of it left. */
import { readdir, readFile, rm } from 'node:fs/promises';

export async function processesOf(home: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ({ pid, line: await commandLine(pid), env: await environment(pid) })));
  return found.filter(({ pid, line, env }) => pid !== process.pid && line !== '' && (line.includes(home) || env.includes(`HOLDFAST_HOME=${home}\0`)))
    .map(({ pid, line }) => `${pid} ${line.slice(0, 160)}`);
}

/** Removes a test's home, and ends what still runs for it, by pid: a test that failed leaves nothing either. @throws with the list of what ran */
export async function removeHome(home: string): Promise<void> {
  const left = await processesOf(home);
  for (const line of left) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
  await rm(home, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`still running, for ${home}:\n${left.join('\n')}`);
}

/** Empty when there is no such process (or it is a zombie). */
export async function commandLine(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
}

async function environment(pid: number): Promise<string> {
  return await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
}
