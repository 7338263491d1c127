/** Decides from a file's first bytes and its length what kind of disk image it is, or why it is none. */
import { foreignFormat } from './foreign-format.ts';
import { isQcow2, readQcow2 } from './qcow2-header.ts';
import { readRawDisk } from './raw-disk.ts';

/** How much of the file decideImageFormat wants to see: past the signature of ISO 9660, which lies deepest. */
export const IMAGE_HEAD_BYTES = 64 * 1024;

export type ImageFormat = 'qcow2' | 'raw';

export type ImageDecision =
  | { readonly kind: 'accepted'; readonly format: ImageFormat; readonly virtualSizeBytes: number }
  /** The reason completes the sentence "<file> …", for example `is a gzip-compressed file`. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * @param head  the file's first IMAGE_HEAD_BYTES, or all of a shorter file
 * @param fileBytes  length of the whole file
 */
export function decideImageFormat(head: Uint8Array, fileBytes: number): ImageDecision {
  if (fileBytes === 0) return refused('is empty');
  if (isQcow2(head)) {
    const verdict = readQcow2(head, fileBytes);
    return 'reason' in verdict ? refused(verdict.reason) : accepted('qcow2', verdict.image.virtualSizeBytes);
  }
  const foreign = foreignFormat(head);
  if (foreign !== undefined) return refused(`is ${foreign}, not a qcow2 or raw disk image`);
  const verdict = readRawDisk(head, fileBytes);
  return 'reason' in verdict ? refused(verdict.reason) : accepted('raw', verdict.virtualSizeBytes);
}

function accepted(format: ImageFormat, virtualSizeBytes: number): ImageDecision {
  return { kind: 'accepted', format, virtualSizeBytes };
}

function refused(reason: string): ImageDecision {
  return { kind: 'refused', reason };
}
