/** How each program is made into one file. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { codePath } from '../src/cli/quick-start.ts';

const root = join(import.meta.dirname, '..');

/** For whoever starts a bundle with a Node of his own. */
const OLD_NODE = 'if (+process.versions.node.split(".")[0] < 24) { console.error("Holdfast needs Node.js 24 or later, and this is " + process.versions.node); process.exit(2); }';

/** ssh2 and its kin try native parts and do without: nothing is compiled for Holdfast. */
const withoutNative: Plugin = {
  name: 'without-native',
  setup({ onResolve }) {
    onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, external: true }));
  },
};

/**
 * Node's own modules are loaded at their first use. A bundle asks for all of them at its start otherwise, and those that
 * most commands do not need (http, child_process, readline) cost more than the command. What they have is looked up through
 * a prototype: for each file that imports one, esbuild copies the module's own properties, and of those there are none.
 */
const builtinsAtFirstUse: Plugin = {
  name: 'builtins-at-first-use',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:.*|crypto|https|tls|zlib)$/ }, ({ path }) => ({ path: `node:${path.replace(/^node:/, '')}`, namespace: 'at-first-use' }));
    onLoad({ filter: /.*/, namespace: 'at-first-use' }, ({ path }) => ({
      loader: 'js',
      contents: `let loaded;
        module.exports = Object.create(new Proxy({}, { get: (_, name) => (loaded ??= process.getBuiltinModule(${JSON.stringify(path)}))[name] }));`,
    }));
  },
};

export async function bundle(entry: string, outfile: string, target: string, plugins: readonly Plugin[] = []): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [join(root, entry)], outfile, bundle: true, platform: 'node', format: 'cjs', target, metafile: true,
    absWorkingDir: root, plugins: [withoutNative, ...plugins], banner: { js: OLD_NODE }, legalComments: 'linked', logLevel: 'warning', minifySyntax: true, minifyWhitespace: true,
    // ws looks for a native part (3 ms), and without it uses what Node brings.
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename', 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
    // A bundle that is run with its code (quick-start.ts) cannot import: what it loads later it requires.
    supported: { 'dynamic-import': false },
  });
  return metafile;
}

/** The part of the CLI that reads netplan files is a file of its own, loaded when it is asked for: the YAML parser is heavy. */
const NETPLAN_PART = 'holdfast-netplan.cjs';
const netplanApart: Plugin = {
  name: 'netplan-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/netplan-judge\.ts$/ }, ({ kind }) => (kind === 'dynamic-import' ? { path: `./${NETPLAN_PART}`, external: true } : undefined));
  },
};

/** What would cost the CLI its quick start. */
const TOO_HEAVY_FOR_CLI = /node_modules\/(typebox|ajv|fastify|undici|ssh2|yaml)\//;

function requireLight({ inputs }: Metafile): void {
  const heavy = Object.keys(inputs).filter((path) => TOO_HEAVY_FOR_CLI.test(path));
  if (heavy.length > 0) throw new Error(`the CLI's bundle must not have: ${heavy.slice(0, 5).join(', ')}`);
}

/** @throws when something came in that the CLI must not load */
export async function bundleCli(directory: string): Promise<void> {
  // An older target: a Node that cannot read the file could not say that it is too old.
  // V8 knows a bundle by its length alone: code of an older one must not stay.
  await rm(codePath(join(directory, 'holdfast-cli.cjs')), { force: true });
  await bundle('src/cli/quick-entry.ts', join(directory, 'holdfast.cjs'), 'node16', [builtinsAtFirstUse]);
  requireLight(await bundle('src/cli/entry.ts', join(directory, 'holdfast-cli.cjs'), 'node16', [builtinsAtFirstUse, netplanApart]));
  await bundle('src/cli/netplan-judge.ts', join(directory, NETPLAN_PART), 'node24');
  await copyFile(join(root, 'src/cli/transfer/transfer.py'), join(directory, 'transfer.py'));
}

export async function bundleDaemon(directory: string): Promise<void> {
  await bundle('src/daemon/main.ts', join(directory, 'holdfastd.cjs'), 'node24');
  await bundle('src/host/network/private/main.ts', join(directory, 'holdfast-switch.cjs'), 'node24');
  await bundle('src/host/network/ethernet/guard-main.ts', join(directory, 'holdfast-bridge-guard.cjs'), 'node24');
  await bundle('src/host/sftp/main.ts', join(directory, 'holdfast-sftp.cjs'), 'node24');
  // A thread of the daemon's has a file of its own.
  await bundle('src/images/streams/products-worker.ts', join(directory, 'products-worker.cjs'), 'node24');
}
