/** Reads the guest's files from the installation. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_PLACES } from './bundle.ts';

/** Where they are in a source tree; a bundled daemon passes its own directory. */
export const AGENT_FILES_DIR = join(import.meta.dirname, 'files');

/** @throws what reading throws: a missing file is a broken installation */
export async function loadAgentAssets(dir: string = AGENT_FILES_DIR): Promise<ReadonlyMap<string, string>> {
  const names = Object.keys(AGENT_PLACES);
  const contents = await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')));
  return new Map(names.map((name, index) => [name, contents[index] ?? '']));
}
