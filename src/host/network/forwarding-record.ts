/**
 * What Holdfast has switched on of the host's forwarding, and which homes need it: one record for all homes of the host, since
 * the one that switched it on may have ended long before the last that needs it. In a place that a restart of the host clears;
 * the boot is in it for hosts where it does not. Of one network namespace, as forwarding is.
 */
import { readFile, readlink, rm } from 'node:fs/promises';
import { hostBootId } from '../process/identity.ts';
import { writeWhole } from '../write-whole.ts';
import type { Switched } from './forwarding.ts';

export interface ForwardingRecord {
  readonly switched: Switched;
  /** By their keys. */
  readonly homes: Readonly<Record<string, HomeNeed>>;
}

export interface HomeNeed {
  /** The path of what that home remembers of its network: where it is not, the home is not. */
  readonly record: string;
  /** IPv4 it needs in any case. */
  readonly ipv6: boolean;
}

export const NOT_SWITCHED: Switched = { ipv4: false, ipv6: false };

export async function readForwarding(): Promise<ForwardingRecord> {
  const none = { switched: NOT_SWITCHED, homes: {} };
  try {
    const { version, boot, switched, homes } = JSON.parse(await readFile(await path(), 'utf8')) as ForwardingRecord & Stamp;
    return version === 1 && boot === await bootId() ? { switched, homes } : none;
  } catch {
    return none;
  }
}

/** Whoever writes has the host's lock for it. There is none where nothing is to be remembered. */
export async function writeForwarding({ switched, homes }: ForwardingRecord): Promise<void> {
  if (!switched.ipv4 && !switched.ipv6 && Object.keys(homes).length === 0) return await rm(await path(), { force: true });
  await writeWhole(await path(), JSON.stringify({ version: 1, boot: await bootId(), switched, homes } satisfies ForwardingRecord & Stamp));
}

interface Stamp {
  readonly version: 1;
  readonly boot: string | null;
}

async function bootId(): Promise<string | null> {
  return await hostBootId() ?? null;
}

async function path(): Promise<string> {
  const [namespace] = /\d+/.exec(await readlink('/proc/self/ns/net')) ?? [];
  return `/run/holdfast-forwarding-${namespace ?? ''}.json`;
}
