/** What a transaction needs of the guest's side: guest/netguard.ts is it. */
import type { GuestLink, GuestRoute } from '../../../core/netplan/facts.ts';
import type { GuestFile } from '../../../core/network/revision.ts';

export interface Armed {
  readonly id: string;
  /** Until the guest undoes it by itself; null when it does not say. */
  readonly leftMs: number | null;
}

/** All that was seen of a guest's network at one moment. */
export interface GuestLook {
  /** Of /etc/netplan, /run/netplan and /lib/netplan. */
  readonly files: readonly GuestFile[];
  readonly links: readonly GuestLink[];
  readonly routes: readonly GuestRoute[];
  readonly netplanVersion: string | null;
  readonly systemdVersion: string | null;
  readonly renderers: { readonly networkd: boolean; readonly networkManager: boolean };
  readonly foreignNetworkFiles: readonly string[];
  readonly armed: Armed | null;
}

export interface FileChanges {
  readonly write: readonly GuestFile[];
  /** Paths that are to be there no more. */
  readonly setAside: readonly string[];
}

export interface ArmRequest extends FileChanges {
  readonly id: string;
  readonly confirmWithinMs: number;
}

/** What the guest says of a transaction. */
export interface Standing {
  readonly standing: 'armed' | 'committed' | 'rolled-back' | 'unknown';
  readonly reason: string | null;
  /** While it is armed. */
  readonly leftMs: number | null;
}

export interface GuestNetwork {
  look(signal: AbortSignal): Promise<GuestLook>;
  /** Applies it, to be undone unless it is confirmed. @throws exec-failed when the guest refuses, or could not apply it (it is undone then) */
  arm(request: ArmRequest, signal: AbortSignal): Promise<void>;
  /** @throws rolled-back  it was undone before; exec-failed */
  commit(id: string, signal: AbortSignal): Promise<void>;
  /** @returns how it has ended, which may be long ago */
  rollBack(id: string, why: string, signal: AbortSignal): Promise<Standing>;
  standing(id: string, signal: AbortSignal): Promise<Standing>;
}

/** The files as a change leaves them. */
export function filesAfter(files: readonly GuestFile[], { write, setAside }: FileChanges): GuestFile[] {
  const gone = new Set([...setAside, ...write.map(({ path }) => path)]);
  return [...files.filter(({ path }) => !gone.has(path)), ...write].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export const ETC = '/etc/netplan/';

/** Those that have a history: what a guest's boot makes anew, or a package brings, has none. */
export function keptFiles(files: readonly GuestFile[]): GuestFile[] {
  return files.filter(({ path }) => path.startsWith(ETC)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
