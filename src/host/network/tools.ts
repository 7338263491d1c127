/** The tools that make networks, each run to its end: `ip` and `nft`, with their output read as JSON. */
import { run } from '../process/run.ts';

const DEADLINE_MS = 15_000;
const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } as const;

/** @throws tool-missing, machine-failed with the tool's own word */
export async function ip(...args: string[]): Promise<void> {
  await run({ tool: 'ip', args, package: 'iproute2', deadlineMs: DEADLINE_MS, env: ENV });
}

/** Its commands from a file, a line each. @param each  those that fail keep no other from being done, and are no failure  @throws tool-missing, machine-failed */
export async function ipBatch(path: string, each: boolean): Promise<void> {
  await run({ tool: 'ip', args: [...(each ? ['-force'] : []), '-batch', path], package: 'iproute2', deadlineMs: DEADLINE_MS, env: ENV, ...(each ? { passCodes: [1, 2] } : {}) });
}

/** What `ip -json` shows: a list of objects; an empty one where it prints nothing. */
export async function ipJson(...args: string[]): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', ...args], package: 'iproute2', deadlineMs: DEADLINE_MS, env: ENV, maxOutputBytes: 16 * 1024 * 1024 });
  const read: unknown = stdout.trim() === '' ? [] : JSON.parse(stdout);
  return Array.isArray(read) ? read.filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null) : [];
}

/** Loads rules from a file, all or none. */
export async function nftLoad(path: string): Promise<void> {
  await run({ tool: 'nft', args: ['-f', path], package: 'nftables', deadlineMs: DEADLINE_MS, env: ENV });
}

/** @returns the families in which there is a table of this name: inet, bridge */
export async function nftFamilies(table: string): Promise<ReadonlySet<string>> {
  const { stdout } = await run({ tool: 'nft', args: ['list', 'tables'], package: 'nftables', deadlineMs: DEADLINE_MS, env: ENV });
  const tables = stdout.split('\n').map((line) => line.split(' '));
  return new Set(tables.flatMap(([, family, name]) => (family !== undefined && name === table ? [family] : [])));
}

/** @returns its chains and sets, as nft lists them; nothing where there is no such table, or it cannot be listed */
export async function nftTable(family: string, name: string): Promise<string> {
  return await tryRun('nft', ['list', 'table', family, name]) ?? '';
}

/** @returns what it prints  @throws tool-missing, machine-failed */
export async function nmcli(...args: string[]): Promise<string> {
  return (await run({ tool: 'nmcli', args, package: 'network-manager', deadlineMs: 2 * DEADLINE_MS, env: ENV })).stdout;
}

/** @throws tool-missing, machine-failed */
export async function networkctl(...args: string[]): Promise<void> {
  await run({ tool: 'networkctl', args, package: 'systemd', deadlineMs: DEADLINE_MS, env: ENV });
}

/** What a tool prints that may not be there, or know nothing. */
export async function tryRun(tool: string, args: readonly string[]): Promise<string | undefined> {
  return await run({ tool, args, package: tool, deadlineMs: DEADLINE_MS, env: ENV, maxOutputBytes: 16 * 1024 * 1024 }).then(({ stdout }) => stdout, () => undefined);
}
