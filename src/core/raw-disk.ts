/**
 * Decides whether bytes are a raw disk that a firmware could boot: a partition table, whose partitions lie inside
 * the file. A file system without a partition table, or zeros, would only end in a silent guest.
 *
 * Formats: MBR as everybody writes it; GPT from the UEFI specification, section 5.3. Numbers are little-endian.
 */
import { has } from './foreign-format.ts';

export type RawVerdict = { readonly virtualSizeBytes: number } | { readonly reason: string };

const SECTOR = 512;
const MIN_BYTES = 1024 * 1024;
const PROTECTIVE = 0xee;

export function readRawDisk(head: Uint8Array, fileBytes: number): RawVerdict {
  if (head.length < 2 * SECTOR || head[510] !== 0x55 || head[511] !== 0xaa) return { reason: 'has no partition table' };
  if (fileBytes % SECTOR !== 0) return { reason: 'is truncated: its length is no multiple of 512 bytes' };
  if (fileBytes < MIN_BYTES) return { reason: 'is truncated: it is shorter than 1 MiB' };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const reason = has(head, SECTOR, 'EFI PART') ? gptOutside(view, fileBytes) : mbrOutside(view, fileBytes);
  return reason === undefined ? { virtualSizeBytes: fileBytes } : { reason };
}

function gptOutside(view: DataView, fileBytes: number): string | undefined {
  const sectors = BigInt(fileBytes / SECTOR);
  const lastUsable = view.getBigUint64(SECTOR + 48, true);
  const backup = view.getBigUint64(SECTOR + 32, true);
  if (lastUsable >= sectors || backup >= sectors) return 'is truncated: its partition table describes a longer disk';
  return undefined;
}

function mbrOutside(view: DataView, fileBytes: number): string | undefined {
  let partitions = 0;
  for (let at = 446; at < 510; at += 16) {
    const type = view.getUint8(at + 4);
    const sectors = view.getUint32(at + 12, true);
    if (type === 0 || sectors === 0) continue;
    if (type === PROTECTIVE) return 'is damaged: its partition table (GPT) is missing';
    if ((view.getUint8(at) & 0x7f) !== 0) return 'has no partition table';
    if ((view.getUint32(at + 8, true) + sectors) * SECTOR > fileBytes) return 'is truncated: a partition lies past the end of the file';
    partitions += 1;
  }
  return partitions === 0 ? 'has no partitions' : undefined;
}
