/** Reads a list of products off the daemon's own thread, with limits on memory and time. */
import { Worker } from 'node:worker_threads';
import type { PublishedImage } from '../../core/catalogue/published.ts';
import { fail } from '../../core/errors.ts';

export interface ProductsQuestion {
  readonly path: string;
  readonly contentId: string;
  /** Address of the tree. */
  readonly base: string;
}

export type ProductsAnswer = { readonly images: readonly PublishedImage[] } | { readonly malformed: string };

const MEMORY_MIB = 1024;
const DEADLINE_MS = 60_000;

/** @param script  products-worker, as it is or bundled  @throws image-refused, cancelled */
export async function readProducts(script: string, question: ProductsQuestion, name: string, signal: AbortSignal): Promise<readonly PublishedImage[]> {
  const { promise, resolve, reject } = Promise.withResolvers<ProductsAnswer>();
  const worker = new Worker(script, { workerData: question, env: {}, resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB } });
  worker.once('message', resolve).once('error', reject);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const onAbort = (): void => {
    reject(signal.aborted ? fail('cancelled', `reading ${name} was called off`, { cause: signal.reason }) : fail('image-refused', `${name} is refused: it takes too long to read`));
  };
  limit.addEventListener('abort', onAbort, { once: true });
  try {
    const answer = await promise;
    if ('images' in answer) return answer.images;
    throw fail('image-refused', `${name} is refused: it ${answer.malformed}`, { hint: 'what was known before is still used' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') throw fail('image-refused', `${name} is refused: it takes too much memory to read`, { cause: error });
    throw error;
  } finally {
    limit.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}
