/** Who is in a group of the host, from wherever the host keeps its users (files, LDAP): by getent(1). */
import { run } from './process/run.ts';

const DEADLINE_MS = 10_000;

/** @returns uids; none where there is no such group. Who has it as his first group only is not listed in it. @throws machine-failed, too-slow, tool-missing */
export async function groupMembers(group: string): Promise<number[]> {
  const names = namesIn(await getent('group', [group]));
  return names.length === 0 ? [] : uidsIn(await getent('passwd', names));
}

/** `name:password:gid:member,member`, as group(5). */
export function namesIn(text: string): string[] {
  const list = text.split('\n')[0]?.split(':')[3] ?? '';
  return list.split(',').filter((name) => /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(name));
}

/** `name:password:uid:…`, as passwd(5), a line each. */
export function uidsIn(text: string): number[] {
  return text.split('\n').map((line) => line.split(':')[2] ?? '').filter((uid) => /^\d{1,10}$/.test(uid)).map(Number);
}

/** Of several names it prints those that there are, and fails for the others: code 2 (a member that was removed). */
async function getent(database: string, keys: readonly string[]): Promise<string> {
  return (await run({ tool: 'getent', args: [database, ...keys], package: 'libc-bin', deadlineMs: DEADLINE_MS, passCodes: [2] })).stdout;
}
