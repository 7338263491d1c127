/** Bundles the CLI and the daemon into dist/, with the files that the daemon carries into guests and image builds. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCli, bundleDaemon } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

function copyAssets(from: string, to: string, wanted: (name: string) => boolean): void {
  const source = join(root, from);
  if (!existsSync(source)) return;
  cpSync(source, join(dist, 'assets', to), {
    recursive: true, filter: (path) => !/__pycache__|\.test\.|(^|\/)test/.test(path.slice(source.length)) && (statSync(path).isDirectory() || wanted(path)),
  });
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
await bundleCli(dist);
execFileSync(process.execPath, [join(import.meta.dirname, 'write-code.ts'), join(dist, 'holdfast-cli.cjs')], { env: { HOLDFAST_HOME: join(dist, 'nowhere') }, stdio: ['ignore', 'inherit', 'inherit'] });
if (existsSync(join(root, 'src/daemon/main.ts'))) await bundleDaemon(dist);
copyAssets('src/guest/agent/files', 'agent', () => true);
copyAssets('src/images/build/recipe', 'recipe', () => true);
copyAssets('src/images/streams/keys', 'keys', (name) => name.endsWith('.asc'));
