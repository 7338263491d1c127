/** Hands an image that the caller opened to the daemon. */
import type { Client } from '../client/client.ts';
import type { CallersImage } from './caller-files.ts';
import type { Progress } from './progress.ts';

/** @returns the name under which the daemon launches it */
export async function uploadImage(client: Client, image: CallersImage, progress: Progress, signal: AbortSignal): Promise<string> {
  const stream = image.stream();
  let sent = 0;
  progress.stage('Sending the image', 0);
  stream.on('data', (chunk: Buffer) => {
    sent += chunk.length;
    progress.stage('Sending the image', sent / image.bytes);
  });
  // A listener alone would set it flowing before the request pipes it.
  stream.pause();
  try {
    const { digest } = await client.upload(image.path, stream, image.bytes, signal);
    return digest.startsWith('sha256:') ? digest : `sha256:${digest}`;
  } finally {
    stream.destroy();
    progress.clear();
  }
}
