/** Runs as a thread of its own: reads a list of products, some MB of JSON, while the daemon serves. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { parseProducts } from '../../core/catalogue/stream-products.ts';
import { Malformed } from '../../core/catalogue/untrusted.ts';
import type { ProductsAnswer, ProductsQuestion } from './read-products.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage(answer(workerData as ProductsQuestion));

function answer({ path, contentId, base }: ProductsQuestion): ProductsAnswer {
  try {
    return { images: parseProducts(JSON.parse(readFileSync(path, 'utf8')), contentId, base) };
  } catch (error) {
    if (error instanceof Malformed) return { malformed: error.message };
    // RangeError: brackets a million deep.
    if (error instanceof SyntaxError || error instanceof RangeError) return { malformed: 'is no JSON' };
    throw error;
  }
}
