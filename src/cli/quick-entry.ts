/** Where the program begins: beside it lies the command line itself, and its code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codePath, runBundle } from './quick-start.ts';

const BUNDLE = join(import.meta.dirname, 'holdfast-cli.cjs');
runBundle(BUNDLE, codeOf(BUNDLE));

function codeOf(bundle: string): Buffer | undefined {
  try {
    return readFileSync(codePath(bundle));
  } catch {
    return undefined;
  }
}
