/** An instance as the API shows it, from what the daemon knows: never waits for anything. */
import type { WireGuestInfo, WireInstance, WireMount } from '../api/schemas.ts';
import { showIdPair } from '../core/mounts/id-maps.ts';
import type { Mount } from '../core/mounts/mount.ts';
import { addressesToShow } from '../core/network-health.ts';
import { OWN_NETWORK } from '../core/network/network-option.ts';
import type { SystemReport } from '../guest/report.ts';
import type { Supervisor } from './supervisor.ts';

export function viewOf(supervisor: Supervisor): WireInstance {
  const { instance } = supervisor.record;
  // Of a crashed machine nothing that its guest said is true any more.
  const machine = supervisor.state === 'Crashed' ? undefined : supervisor.machine;
  const links = machine?.guest.reports.network?.links;
  const system = machine?.guest.reports.system;
  const hold = machine?.guest.hold ?? { level: 'none' as const, reason: null };
  return {
    id: instance.id,
    name: instance.name,
    state: supervisor.state,
    reason: supervisor.reason ?? (machine?.pauseReason ? `paused: ${machine.pauseReason}` : null),
    zone: { name: instance.zone, available: supervisor.isZoneAvailable },
    image: { ...instance.image, digest: instance.spec.imageDigest },
    architecture: instance.architecture,
    cpus: instance.spec.cpus,
    memoryBytes: instance.spec.memoryBytes,
    diskBytes: instance.spec.diskBytes,
    snapshotCount: supervisor.snapshotCount,
    ipv4: addressesToShow(links, instance.spec.mac, 4),
    ipv6: addressesToShow(links, instance.spec.mac, 6),
    guest: system ? guestInfo(system) : null,
    figuresAt: system ? supervisor.heldUntil ?? null : null,
    hold: machine?.isPaused ? { level: hold.level, reason: 'the machine is paused' } : { level: hold.level, reason: hold.reason },
    network: { ...supervisor.network },
    accelerator: machine?.accelerator ?? null,
    mac: instance.spec.mac,
    ...(instance.spec.cards === undefined ? {} : {
      cards: instance.spec.cards.map(({ slot, mac, network, mode, address }) => ({ index: slot, mac, network: network ?? OWN_NETWORK, mode, ipv4: address })),
    }),
    ...(instance.spec.mounts === undefined ? {} : { mounts: instance.spec.mounts.map(viewOfMount) }),
    createdAt: instance.createdAt,
    startedAt: machine?.startedAt ?? null,
  };
}

export function viewOfMount({ source, target, uids, gids, native }: Mount): WireMount {
  return { source, target, uidMap: uids.map(showIdPair), gidMap: gids.map(showIdPair), ...(native ? { type: 'native' as const } : {}) };
}

function guestInfo(system: SystemReport): WireGuestInfo {
  return {
    release: system.os.pretty,
    kernel: system.kernel,
    hostname: system.hostname,
    load: [...system.load],
    memory: { ...system.memory },
    disks: system.disks.map((disk) => ({ ...disk })),
    cloudInit: system.cloudInit.status,
  };
}
