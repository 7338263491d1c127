/** What a home remembers of its network: which subnets it has, and what it changed on the host. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ZoneName } from '../../core/zones.ts';
import type { Switched } from './forwarding.ts';

export interface NetworkRecord {
  readonly version: 1;
  /** What all names are made of. */
  readonly key: string;
  /** Where the home was when this was written. */
  readonly home: string;
  /** Of zone1, which is the one that every home had before zones had their own. */
  readonly subnet: string;
  /** Of the other zones, each when it was first asked for. */
  readonly zones?: Readonly<Partial<Record<ZoneName, string>>>;
  /** Boot of the host in which it last came up, so that it need not be tried anew at each launch. */
  readonly workedIn: string | null;
  /** Forwarding that was off before. An earlier Holdfast wrote it down here, for each home alone: now forwarding-record.ts has it. */
  readonly switched?: Switched;
  /** Boot of the host in which that was so: at the next one it is somebody else's matter. */
  readonly switchedIn?: string | null;
  /** Why instances are on the user network, as it was last told. */
  readonly told: string | null;
}

/** @returns undefined when there is none that can be read */
export async function readRecord(path: string): Promise<NetworkRecord | undefined> {
  return parsed(await readFile(path, 'utf8').catch(() => undefined));
}

/**
 * The home's key: it goes along when the home is moved, with what runs in it. A copy gets one of its own, or two homes would
 * have the same bridge; and so does a home that is made where another one was.
 */
export function homeKey(path: string, home: string): string {
  const record = readNow(path);
  if (record === undefined) return freshKey();
  if (record.home === home) return record.key;
  return readNow(join(record.home, relative(home, path)))?.key === record.key ? freshKey() : record.key;
}

function freshKey(): string {
  return randomBytes(16).toString('hex');
}

function readNow(path: string): NetworkRecord | undefined {
  try {
    return parsed(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function parsed(text: string | undefined): NetworkRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const read = JSON.parse(text) as NetworkRecord;
    return read.version === 1 && [read.subnet, read.key, read.home].every((each) => typeof each === 'string') ? read : undefined;
  } catch {
    return undefined;
  }
}
