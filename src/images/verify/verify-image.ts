/** The one way by which a file becomes an image: its header first, by our own eyes, then its tables by qemu-img. */
import type { FileHandle } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import { decideImageFormat, IMAGE_HEAD_BYTES, type ImageFormat } from '../../core/image-format.ts';
import type { Run } from '../run.ts';
import { checkQcow2 } from './check-qcow2.ts';

export interface VerifiedImage {
  readonly format: ImageFormat;
  readonly virtualSizeBytes: number;
  readonly fileBytes: number;
}

/**
 * @param file  open for reading; its content must not change any more
 * @param name  what messages call it: a path, a URL, an alias
 * @throws image-refused
 */
export async function verifyImage(file: FileHandle, name: string, run: Run, signal: AbortSignal): Promise<VerifiedImage> {
  const { size: fileBytes } = await file.stat();
  const head = new Uint8Array(Math.min(IMAGE_HEAD_BYTES, fileBytes));
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const decision = decideImageFormat(head.subarray(0, bytesRead), fileBytes);
  if (decision.kind === 'refused') {
    throw fail('image-refused', `${name} ${decision.reason}`, { hint: 'launch a whole qcow2 or raw cloud image that depends on no other file' });
  }
  if (decision.format === 'qcow2') await checkQcow2(file, name, run, signal);
  return { format: decision.format, virtualSizeBytes: decision.virtualSizeBytes, fileBytes };
}
