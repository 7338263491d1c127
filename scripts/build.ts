/** Bundles the CLI and the daemon into dist/, with the files that the daemon carries into guests and image builds. */
import { cpSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** Only tools that are not shipped go without a bundle; older ones must still be able to read the sentence they are told. */
const OLD_NODE = 'if (+process.versions.node.split(".")[0] < 24) { console.error("Holdfast needs Node.js 24 or later, and this is " + process.versions.node); process.exit(2); }';

/** ssh2 and its kin try native parts and do without: nothing is compiled for Holdfast. */
const withoutNative: Plugin = {
  name: 'without-native',
  setup({ onResolve }) {
    onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, external: true }));
  },
};

async function bundle(entry: string, name: string, target: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [join(root, entry)], outfile: join(dist, name), bundle: true, platform: 'node', format: 'cjs', target, metafile: true,
    absWorkingDir: root, plugins: [withoutNative], banner: { js: OLD_NODE }, legalComments: 'linked', logLevel: 'warning', minifySyntax: true, minifyWhitespace: true,
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    // ws tries these, and without them uses what Node brings.
    external: ['bufferutil', 'utf-8-validate'],
  });
  return metafile;
}

/** What would cost the CLI its quick start. */
const TOO_HEAVY_FOR_CLI = /node_modules\/(typebox|ajv|fastify|undici|ssh2|yaml)\//;

function requireLight({ inputs }: Metafile): void {
  const heavy = Object.keys(inputs).filter((path) => TOO_HEAVY_FOR_CLI.test(path));
  if (heavy.length > 0) throw new Error(`the CLI's bundle must not have: ${heavy.slice(0, 5).join(', ')}`);
}

function copyAssets(from: string, to: string, wanted: (name: string) => boolean): void {
  const source = join(root, from);
  if (!existsSync(source)) return;
  cpSync(source, join(dist, 'assets', to), {
    recursive: true, filter: (path) => !/__pycache__|\.test\.|(^|\/)test/.test(path.slice(source.length)) && (statSync(path).isDirectory() || wanted(path)),
  });
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
// An older target: a Node that cannot read the file could not say that it is too old.
requireLight(await bundle('src/cli/entry.ts', 'holdfast.cjs', 'node16'));
if (existsSync(join(root, 'src/daemon/main.ts'))) await bundle('src/daemon/main.ts', 'holdfastd.cjs', 'node24');
copyAssets('src/guest/agent/files', 'agent', () => true);
copyAssets('src/images/build/recipe', 'recipe', () => true);
