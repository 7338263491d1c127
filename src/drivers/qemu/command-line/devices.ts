/**
 * The devices and where they sit. Laid out once: interface names, templates and suspended state depend on the
 * addresses, so a new device takes a free one and none is ever moved.
 *
 * On the root bus: 1 root ports (eight functions), 2 disks, 3 lanes, 4 random numbers, 5 panic notifier,
 * 6 second serial line (aarch64), 8 to f directories of the host. Network cards sit behind the root ports, so that they can be plugged while running
 * and have the same name (enp1s0, …) when they were there from the start.
 */
import { guestPortName, LANES } from '../../../guest/lane-port.ts';
import { escaped, type Card, type CommandLineInput, type DiskBase } from './input.ts';

export const ROOT_PORTS = 8;
/** Devices and character devices of lanes have this id in the monitor. */
export const LANE_ID_PREFIX = 'lane-';

export function devices(input: CommandLineInput): string[] {
  return [...monitor(input), ...rootPorts(), ...descriptors(input), ...disks(input), ...lanes(input), ...small(input), ...serialLines(input), ...network(input), ...shares(input)];
}

function socket(id: string, path: string): string[] {
  return ['-chardev', `socket,id=${id},path=${escaped(path)},server=on,wait=off`];
}

function monitor({ sockets }: CommandLineInput): string[] {
  return [...socket('qmp', sockets.monitor), '-mon', 'chardev=qmp,mode=control', ...socket('mon', sockets.spareMonitor), '-mon', 'chardev=mon,mode=control'];
}

function rootPorts(): string[] {
  return Array.from({ length: ROOT_PORTS }, (_, index) => ['-device',
    `pcie-root-port,id=rp${index},bus=pcie.0,addr=1.${index},chassis=${index + 1}${index === 0 ? ',multifunction=on' : ''}`]).flat();
}

function disks({ disk, base, seed }: CommandLineInput): string[] {
  return [
    '-device', 'virtio-scsi-pci,id=scsi,bus=pcie.0,addr=2',
    '-blockdev', JSON.stringify({ 'node-name': 'disk', discard: 'unmap', ...overlayNode(disk, base, { discard: 'unmap' }) }),
    '-device', 'scsi-hd,id=disk,bus=scsi.0,scsi-id=0,drive=disk,bootindex=1',
    '-blockdev', JSON.stringify({ 'node-name': 'seed', driver: 'raw', 'read-only': true, file: { driver: 'file', filename: seed, 'read-only': true } }),
    '-device', 'scsi-cd,id=seed,bus=scsi.0,scsi-id=1,drive=seed',
  ];
}

/** As -blockdev takes it: QEMU's BlockdevOptionsQcow2. Where `backing` is given, the header's is not looked at. */
function overlayNode(disk: string, base: CommandLineInput['base'], file: { readonly discard: 'unmap' }): Record<string, unknown> {
  return {
    driver: 'qcow2', file: { driver: 'file', filename: disk, ...file },
    backing: baseNode(base),
  };
}

/** Without a `backing` of its own an image in qcow2 has none: images that name one are refused when they come. */
function baseNode(base: DiskBase): Record<string, unknown> {
  return {
    driver: base.format, 'read-only': true, file: { driver: 'file', filename: 'path' in base ? base.path : `/dev/fdset/${base.descriptor}`, 'read-only': true },
    ...(base.backing && { backing: baseNode(base.backing) }),
  };
}

/** Sets of one descriptor each, which have its number. */
function descriptors({ base }: CommandLineInput): string[] {
  const words: string[] = [];
  for (let each: DiskBase | undefined = base; each; each = each.backing) {
    if ('descriptor' in each) words.push('-add-fd', `fd=${each.descriptor},set=${each.descriptor}`);
  }
  return words;
}

function lanes({ sockets }: CommandLineInput): string[] {
  return [
    '-device', 'virtio-serial-pci,id=lanes,bus=pcie.0,addr=3,max_ports=8',
    ...LANES.flatMap((lane, index) => {
      const id = `${LANE_ID_PREFIX}${lane}`;
      return [...socket(id, sockets.lanes[lane]),
        '-device', `virtserialport,id=${id},bus=lanes.0,nr=${index + 1},chardev=${id},name=${guestPortName(lane)}`];
    }),
  ];
}

function small({ architecture }: CommandLineInput): string[] {
  return [
    '-device', 'virtio-rng-pci,id=rng,bus=pcie.0,addr=4',
    '-device', 'pvpanic-pci,id=pvpanic,bus=pcie.0,addr=5',
    ...(architecture === 'x86_64' ? ['-device', 'vmgenid,id=generation,guid=auto'] : []),
  ];
}

/** The second line carries a root shell for rescue. `virt` has one UART only, so there it is a PCI card. */
function serialLines({ architecture, sockets }: CommandLineInput): string[] {
  return [
    ...socket('console', sockets.console), '-serial', 'chardev:console',
    ...socket('rescue', sockets.rescue),
    ...(architecture === 'x86_64' ? ['-serial', 'chardev:rescue'] : ['-device', 'pci-serial,id=rescue,bus=pcie.0,addr=6,chardev=rescue']),
  ];
}

/** A fork's cards are plugged in when it has its identity: until then it has none that could speak for it. */
function network({ cards, memory }: CommandLineInput): string[] {
  return cards.flatMap((card) => {
    const netdev = ['-netdev', words('type', netdevOf(card))];
    if (memory.kind !== 'fork') return [...netdev, '-device', words('driver', cardDevice(card))];
    // What it is plugged into may still be in the making.
    return card.backend.kind === 'user' ? netdev : [];
  });
}

/** As `netdev_add` takes it. The tap is there and has its bridge: QEMU runs no script for it. */
export function netdevOf({ slot, backend }: Card): Options {
  if (backend.kind === 'switch') return { type: 'stream', id: cardId(slot), server: false, addr: { type: 'unix', path: backend.path } };
  if (backend.kind === 'tap') return { type: 'tap', id: cardId(slot), ifname: backend.name, script: 'no', downscript: 'no' };
  const { cidr, gateway, dns, guest } = backend.subnet;
  return { type: 'user', id: cardId(slot), ipv6: 'off', net: cidr, host: gateway, dns, dhcpstart: guest };
}

/** As `device_add` takes it. No option ROM: nothing boots over the network, and the firmware is done sooner. */
export function cardDevice({ slot, mac }: Card): Readonly<Record<string, string>> {
  return { driver: 'virtio-net-pci', id: cardId(slot), bus: `rp${slot}`, netdev: cardId(slot), mac, romfile: '' };
}

export function cardId(slot: number): string {
  return `net${slot}`;
}

/** The first of eight places. */
const FIRST_SHARE = 8;

/** What a guest sets as owner, mode and link under 9p is kept beside the file (mapped-xattr), so that it makes nothing of that on the host. */
function shares({ shares: all = [] }: CommandLineInput): string[] {
  return all.flatMap((share) => {
    const [id, at] = [`share${share.index}`, `bus=pcie.0,addr=${(FIRST_SHARE + share.index).toString(16)}`];
    if (share.filesystem === 'virtiofs') return ['-chardev', `socket,id=${id},path=${escaped(share.socketPath)}`, '-device', `vhost-user-fs-pci,id=${id},${at},chardev=${id},tag=${share.tag}`];
    return ['-fsdev', `local,id=${id},security_model=mapped-xattr,multidevs=remap,path=${escaped(share.source)}`, '-device', `virtio-9p-pci,id=${id},${at},fsdev=${id},mount_tag=${share.tag}`];
  });
}

interface Options { readonly [key: string]: string | boolean | Options }

/** In QEMU's own syntax the first value stands alone, and what is within another has a dot. */
function words(first: string, options: Options): string {
  return flat(options).map(([key, value]) => (key === first ? value : `${key}=${escaped(value)}`)).join(',');
}

function flat(options: Options, before = ''): [string, string][] {
  return Object.entries(options).flatMap(([key, value]) => {
    if (typeof value === 'object') return flat(value, `${before}${key}.`);
    return [[before + key, typeof value === 'boolean' ? (value ? 'on' : 'off') : value]];
  });
}
