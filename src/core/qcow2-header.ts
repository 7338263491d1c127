/**
 * Reads a qcow2 header and says what forbids launching from it. Nothing may open an image before this has passed:
 * a backing file or an external data file makes qemu-img read any path the image's author chose.
 *
 * Format: QEMU's docs/interop/qcow2.txt. All numbers are big-endian.
 */
import { has } from './foreign-format.ts';

export interface Qcow2 {
  readonly version: 2 | 3;
  /** Size of the disk that a guest sees. */
  readonly virtualSizeBytes: number;
}

/** Either the image, or why it is refused; the reason completes the sentence "the image …". */
export type Qcow2Verdict = { readonly image: Qcow2 } | { readonly reason: string };

const V2_LENGTH = 72;
const V3_LENGTH = 104;
/** Bits of "incompatible features" that are no obstacle: 3 compression type, 4 extended L2 entries. */
const FEATURE_COMPRESSION = 1n << 3n;
const FEATURE_EXTENDED_L2 = 1n << 4n;
const FEATURES_REFUSED: readonly (readonly [bigint, string])[] = [
  [1n << 2n, 'keeps its data in another file (external data file)'],
  [1n << 1n, 'is marked corrupt'],
  [1n << 0n, 'was not closed properly (its dirty bit is set); repair it with: qemu-img check -r all'],
];
const EXTENSION_EXTERNAL_DATA = 0x44415441;
const EXTENSION_ENCRYPTION = 0x0537be77;
/** 64 TiB: past any disk here, and far from where arithmetic in doubles is inexact. */
const MAX_VIRTUAL_BYTES = 2n ** 46n;

export function isQcow2(head: Uint8Array): boolean {
  return has(head, 0, 'QFI\xfb');
}

/**
 * @param head  the first bytes of the file, at least one cluster of the header (64 KiB do for all that exist)
 * @param fileBytes  the whole file's length, which tells a truncated download
 * @param backing  `named`: of a disk of ours, whose header names what it lies on; nobody is to follow that
 */
export function readQcow2(head: Uint8Array, fileBytes: number, backing: 'none' | 'named' = 'none'): Qcow2Verdict {
  if (head.length < V2_LENGTH) return { reason: 'is truncated: its header is incomplete' };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) return { reason: `has the qcow version ${version}, which is not supported (2 and 3 are)` };
  if (version === 3 && head.length < V3_LENGTH) return { reason: 'is truncated: its header is incomplete' };
  if (backing === 'none' && (view.getBigUint64(8) !== 0n || view.getUint32(16) !== 0)) return { reason: 'depends on another file (backing file)' };
  if (view.getUint32(32) !== 0) return { reason: 'is encrypted' };
  const features = version === 3 ? view.getBigUint64(72) : 0n;
  for (const [bit, reason] of FEATURES_REFUSED) if ((features & bit) !== 0n) return { reason };
  const unknown = features & ~(FEATURE_COMPRESSION | FEATURE_EXTENDED_L2);
  if (unknown !== 0n) return { reason: `needs qcow2 features that are not known here (0x${unknown.toString(16)})` };
  const reason = implausible(view, version, features) ?? forbiddenExtension(view, version) ?? tablesOutside(view, features, fileBytes);
  return reason === undefined ? { image: { version, virtualSizeBytes: Number(view.getBigUint64(24)) } } : { reason };
}

function implausible(view: DataView, version: 2 | 3, features: bigint): string | undefined {
  const clusterBits = view.getUint32(20);
  const size = view.getBigUint64(24);
  if (clusterBits < 9 || clusterBits > 21) return `is damaged: clusters of 2^${clusterBits} bytes`;
  if (size === 0n || size % 512n !== 0n || size > MAX_VIRTUAL_BYTES) return `is damaged: a virtual size of ${size} bytes`;
  if (version === 2) return undefined;
  const headerBytes = view.getUint32(100);
  // One that is longer than what was read would hide its extensions.
  if (headerBytes < V3_LENGTH || headerBytes % 8 !== 0 || headerBytes > Math.min(2 ** clusterBits, view.byteLength)) return 'is damaged: wrong header length';
  if (view.getUint32(96) > 6) return 'is damaged: wrong refcount width';
  const compression = headerBytes > V3_LENGTH && view.byteLength > V3_LENGTH ? view.getUint8(104) : 0;
  if (compression > 1) return `uses the unknown compression ${compression}`;
  if ((compression !== 0) !== ((features & FEATURE_COMPRESSION) !== 0n)) return 'is damaged: its compression is contradictory';
  return undefined;
}

/** Extensions follow the header: type, length, data padded to 8; type 0 ends them. */
function forbiddenExtension(view: DataView, version: 2 | 3): string | undefined {
  let at = version === 3 ? view.getUint32(100) : V2_LENGTH;
  const end = Math.min(view.byteLength, 2 ** view.getUint32(20));
  while (at + 8 <= end) {
    const type = view.getUint32(at);
    if (type === 0) return undefined;
    if (type === EXTENSION_EXTERNAL_DATA) return 'keeps its data in another file (external data file)';
    if (type === EXTENSION_ENCRYPTION) return 'is encrypted';
    const length = view.getUint32(at + 4);
    if (length > end - at - 8) return 'is damaged: a header extension runs past the header';
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}

function tablesOutside(view: DataView, features: bigint, fileBytes: number): string | undefined {
  const cluster = 2n ** BigInt(view.getUint32(20));
  const l2Entries = cluster / ((features & FEATURE_EXTENDED_L2) === 0n ? 8n : 16n);
  const l1Entries = BigInt(view.getUint32(36));
  const l1Needed = (view.getBigUint64(24) + cluster * l2Entries - 1n) / (cluster * l2Entries);
  if (l1Entries < l1Needed) return 'is damaged: its first-level table is too short for its size';
  const tables: readonly (readonly [bigint, bigint])[] = [
    [view.getBigUint64(40), l1Entries * 8n],
    [view.getBigUint64(48), BigInt(view.getUint32(56)) * cluster],
    ...(view.getUint32(60) > 0 ? [[view.getBigUint64(64), 40n * BigInt(view.getUint32(60))] as const] : []),
  ];
  for (const [offset, bytes] of tables) {
    if (offset === 0n || offset % cluster !== 0n || bytes === 0n) return 'is damaged: a table is out of place';
    if (offset + bytes > BigInt(fileBytes)) return 'is truncated: a table lies past the end of the file';
  }
  return undefined;
}
