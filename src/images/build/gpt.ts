/**
 * Writes a GUID partition table: bytes and where they go, so that neither a partitioning tool nor the kernel has a
 * say. Format: UEFI specification 2.10, section 5.2 (protective MBR) and 5.3 (GPT). Little-endian.
 */
import { crc32 } from 'node:zlib';
import { SECTOR_BYTES, type Partition } from './disk-layout.ts';

export interface Patch {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

const ENTRIES = 128;
const ENTRY_BYTES = 128;
const TABLE_SECTORS = (ENTRIES * ENTRY_BYTES) / SECTOR_BYTES;
const HEADER_BYTES = 92;

/** @param newGuid  makes a GUID as text; injected so that tests are exact */
export function partitionTable(partitions: readonly Partition[], diskSectors: number, newGuid: () => string): Patch[] {
  const table = new Uint8Array(ENTRIES * ENTRY_BYTES);
  for (const partition of partitions) writeEntry(table, partition, newGuid());
  const diskGuid = newGuid();
  const last = diskSectors - 1;
  const header = (own: number, other: number, tableAt: number): Uint8Array =>
    gptHeader({ own, other, tableAt, last, diskGuid, tableCrc: crc32(table) });
  return [
    { offsetBytes: 446, bytes: protectiveMbr(diskSectors) },
    { offsetBytes: SECTOR_BYTES, bytes: header(1, last, 2) },
    { offsetBytes: 2 * SECTOR_BYTES, bytes: table },
    { offsetBytes: (last - TABLE_SECTORS) * SECTOR_BYTES, bytes: table },
    { offsetBytes: last * SECTOR_BYTES, bytes: header(last, 1, last - TABLE_SECTORS) },
  ];
}

/** The four entries of the old table and its signature; the boot code before them is not ours here. */
function protectiveMbr(diskSectors: number): Uint8Array {
  const bytes = new Uint8Array(66);
  const view = new DataView(bytes.buffer);
  bytes.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff]);
  view.setUint32(8, 1, true);
  view.setUint32(12, Math.min(diskSectors - 1, 0xffffffff), true);
  bytes.set([0x55, 0xaa], 64);
  return bytes;
}

interface Header {
  readonly own: number;
  readonly other: number;
  readonly tableAt: number;
  readonly last: number;
  readonly diskGuid: string;
  readonly tableCrc: number;
}

function gptHeader({ own, other, tableAt, last, diskGuid, tableCrc }: Header): Uint8Array {
  const sector = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(sector.buffer);
  sector.set(new TextEncoder().encode('EFI PART'));
  view.setUint32(8, 0x00010000, true);
  view.setUint32(12, HEADER_BYTES, true);
  view.setBigUint64(24, BigInt(own), true);
  view.setBigUint64(32, BigInt(other), true);
  view.setBigUint64(40, BigInt(2 + TABLE_SECTORS), true);
  view.setBigUint64(48, BigInt(last - TABLE_SECTORS - 1), true);
  sector.set(guidBytes(diskGuid), 56);
  view.setBigUint64(72, BigInt(tableAt), true);
  view.setUint32(80, ENTRIES, true);
  view.setUint32(84, ENTRY_BYTES, true);
  view.setUint32(88, tableCrc, true);
  view.setUint32(16, crc32(sector.subarray(0, HEADER_BYTES)), true);
  return sector;
}

function writeEntry(table: Uint8Array, partition: Partition, guid: string): void {
  const at = (partition.number - 1) * ENTRY_BYTES;
  const view = new DataView(table.buffer, at, ENTRY_BYTES);
  table.set(guidBytes(partition.type), at);
  table.set(guidBytes(guid), at + 16);
  view.setBigUint64(32, BigInt(partition.firstSector), true);
  view.setBigUint64(40, BigInt(partition.firstSector + partition.sectors - 1), true);
  for (let i = 0; i < partition.name.length; i += 1) view.setUint16(56 + 2 * i, partition.name.charCodeAt(i), true);
}

/** A GUID's first three groups are stored little-endian, the others as they are written. */
export function guidBytes(guid: string): Uint8Array {
  const plain = Uint8Array.from(guid.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return Uint8Array.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15], (from) => plain[from] ?? 0);
}
