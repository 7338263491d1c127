/** What `holdfast info` shows of an instance, in JSON's shape; what only a running guest can say is empty without one. */
import type { WireInstance } from '../../api/schemas.ts';

export interface InfoFacts {
  readonly zone: { readonly name: string; readonly available: boolean };
  readonly state: string;
  readonly image_hash: string;
  readonly image_release: string;
  readonly release: string;
  readonly cpu_count: string;
  readonly snapshot_count: string;
  readonly load: readonly number[];
  readonly disks: { readonly [disk: string]: { readonly used?: string; readonly total?: string } };
  readonly memory: { readonly used?: number; readonly total?: number };
  readonly ipv4: readonly string[];
  readonly mounts: { readonly [target: string]: { readonly uid_mappings: readonly string[]; readonly gid_mappings: readonly string[]; readonly source_path: string } };
  readonly hold: string;
  readonly hold_reason: string | null;
  readonly network: string;
  readonly network_reason: string | null;
  readonly reason: string | null;
  readonly accelerator: string | null;
  readonly architecture: string;
  readonly figures_at: string | null;
}

/** The disk that Multipass names where it knows none. */
const FIRST_DISK = 'sda1';

export function infoFacts(instance: WireInstance): InfoFacts {
  const { guest, image, hold, network } = instance;
  const runs = guest !== null || instance.state === 'Running' || instance.state === 'Delayed Shutdown';
  const disks = guest?.disks.map(({ name, usedBytes, totalBytes }) => [name, { used: String(usedBytes), total: String(totalBytes) }] as const);
  return {
    zone: instance.zone,
    state: instance.state,
    image_hash: image.digest.replace(/^sha\d+:/, ''),
    image_release: image.release,
    release: guest?.release ?? '',
    cpu_count: runs ? String(instance.cpus) : '',
    snapshot_count: String(instance.snapshotCount),
    load: guest?.load ?? [],
    disks: Object.fromEntries(disks && disks.length > 0 ? disks : [[FIRST_DISK, {}]]),
    memory: guest ? { used: guest.memory.usedBytes, total: guest.memory.totalBytes } : {},
    ipv4: instance.ipv4,
    mounts: Object.fromEntries((instance.mounts ?? []).map(({ target, source, uidMap, gidMap }) => [target, { uid_mappings: uidMap, gid_mappings: gidMap, source_path: source }])),
    hold: hold.level,
    hold_reason: hold.reason,
    network: network.health,
    network_reason: network.reason,
    reason: instance.reason,
    accelerator: instance.accelerator,
    architecture: instance.architecture,
    figures_at: instance.figuresAt,
  };
}
