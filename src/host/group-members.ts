/** Who is in a group of the host, from wherever the host keeps its users (files, LDAP): by getent(1). */
import { fail } from '../core/errors.ts';
import { run } from './process/run.ts';

const DEADLINE_MS = 10_000;

/** Lines of group(5) and passwd(5) for these keys; of a key that there is not, none. */
export type Getent = (database: 'group' | 'passwd', keys: readonly string[]) => Promise<string>;

/**
 * Who has it as his first group only is not listed in it. A directory that is away looks like one that is empty, and whoever
 * is in would be cut off: a member keeps his last uid as long as the group names him, and a group that is gone is believed
 * when it is gone twice in a row.
 * @returns the question: resolves with uids; with none where there is no such group, and rejects with machine-failed, too-slow or tool-missing
 */
export function groupMembers(group: string, getent: Getent = realGetent): () => Promise<number[]> {
  const known = new Map<string, number>();
  let wasThere = false;
  return async () => {
    const line = await getent('group', [group]);
    if (line.trim() === '' && wasThere) {
      wasThere = false;
      throw fail('machine-failed', `the group ${group} is not known any more, which may pass`, { hint: `see: getent group ${group}` });
    }
    wasThere = line.trim() !== '';
    const names = namesIn(line);
    const found = names.length === 0 ? [] : usersIn(await getent('passwd', names));
    for (const { name, uid } of found) known.set(name, uid);
    for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    return [...new Set([...found.map(({ uid }) => uid), ...known.values()])];
  };
}

/** `name:password:gid:member,member`, as group(5). */
export function namesIn(text: string): string[] {
  const list = text.split('\n')[0]?.split(':')[3] ?? '';
  return list.split(',').filter((name) => /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(name));
}

/** `name:password:uid:…`, as passwd(5), a line each. */
export function usersIn(text: string): { readonly name: string; readonly uid: number }[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = ''] = line.split(':');
    return /^\d{1,10}$/.test(uid) ? [{ name, uid: Number(uid) }] : [];
  });
}

/** Of several names it prints those that there are, and fails for the others: code 2 (a member that was removed). */
async function realGetent(database: string, keys: readonly string[]): Promise<string> {
  return (await run({ tool: 'getent', args: [database, ...keys], package: 'libc-bin', deadlineMs: DEADLINE_MS, passCodes: [2] })).stdout;
}
