/** How long lists of real size take to be read, what the daemon's own thread has of it, and find from a warm cache. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseProducts } from '../../src/core/catalogue/stream-products.ts';
import { readProducts } from '../../src/images/streams/read-products.ts';
import { indexJson, makeSigner, productsJson, serveTree } from '../images/stream-tree.ts';
import { openWebServer } from '../images/web-server.ts';
import { CHECKOUT, makeTestHome } from '../real/home.ts';
import { timed, type Row } from './row.ts';

const RUNS = 15;
/** As it ships. */
const SCRIPT = join(CHECKOUT, 'dist/products-worker.cjs');
const RELEASE = 'com.ubuntu.cloud:released:download';
const DAILY = 'com.ubuntu.cloud:daily:download';
const ARCHITECTURES = ['amd64', 'arm64', 'armhf', 'ppc64el', 'riscv64', 's390x'];
/** What stands beside each disk image, as cloud-images.ubuntu.com has it. */
const ITEMS = ['disk1.img', 'lxd.tar.xz', 'manifest', 'ova', 'root.manifest', 'root.tar.xz', 'squashfs', 'squashfs.manifest', 'tar.gz', 'vagrant.box', 'vhd.manifest', 'vhd.tar.gz', 'vmdk'];

export async function benchFind(tell: (row: Row) => void): Promise<void> {
  const release = listOf(RELEASE, 30, 5);
  const daily = listOf(DAILY, 12, 12);
  const size = `${((release.length + daily.length) / 1e6).toFixed(1)} MB in two lists`;
  const plain: number[] = [];
  for (let turn = 0; turn < RUNS; turn += 1) {
    plain.push(await timed(() => {
      parseProducts(JSON.parse(release), RELEASE, 'https://images.example/releases/');
      parseProducts(JSON.parse(daily), DAILY, 'https://images.example/daily/');
      return Promise.resolve();
    }));
  }
  tell({ what: 'the release and daily lists, parsed', figures: plain, unit: 's', note: `${size}; must be under 0.3` });
  await benchThread(release, daily, tell);
  await benchWarm(release, daily, tell);
}

async function benchThread(release: string, daily: string, tell: (row: Row) => void): Promise<void> {
  const directory = await mkdtemp('/var/tmp/hf-bench-');
  try {
    const files = [{ path: join(directory, 'release'), contentId: RELEASE, text: release }, { path: join(directory, 'daily'), contentId: DAILY, text: daily }];
    for (const { path, text } of files) await writeFile(path, text);
    const wall: number[] = [];
    const held: number[] = [];
    for (let turn = 0; turn < RUNS; turn += 1) {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      wall.push(await timed(async () => {
        for (const { path, contentId } of files) await readProducts(SCRIPT, { path, contentId, base: 'https://images.example/' }, contentId, AbortSignal.timeout(60_000));
      }));
      delay.disable();
      held.push(delay.max / 1e9);
    }
    tell({ what: 'the same, in threads of their own', figures: wall, unit: 's', note: 'two threads, one after the other, their start included' });
    tell({ what: 'longest that the daemon\'s own thread was held meanwhile', figures: held, unit: 's', note: 'must be under 0.05' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function benchWarm(release: string, daily: string, tell: (row: Row) => void): Promise<void> {
  using signer = makeSigner();
  await using server = await openWebServer();
  server.behave(serveTree(new Map([['releases', RELEASE, release], ['daily', DAILY, daily]].flatMap(([at = '', id = '', list = '']) => [
    [`/${at}/streams/v1/index.sjson`, signer.sign(indexJson(id))], [`/${at}/streams/v1/${id}.sjson`, signer.sign(list)],
  ] as const))));
  await using home = await makeTestHome();
  for (const setting of [`local.image.keys=${signer.keys}`, `local.image.mirror=${server.origin}`, 'local.image.remote.core=', 'local.image.remote.distributions=']) await home.must(['set', setting]);
  await home.endDaemon();
  const online = { env: { HOLDFAST_OFFLINE: '' } };
  const cold = await home.must(['find', 'release:', '--force-update'], online);
  tell({ what: 'holdfast find --force-update, release', figures: [cold.seconds], unit: 's', note: 'the daemon\'s start, the download on loopback and the signatures included' });
  await home.must(['find'], online);
  const peer: number[] = [];
  const warm: number[] = [];
  for (let turn = 0; turn < RUNS; turn += 1) {
    peer.push((await home.must(['list'], online)).seconds);
    warm.push((await home.must(['find'], online)).seconds);
  }
  tell({ what: 'holdfast list, without instances', figures: peer, unit: 's', note: 'the peer of the next line' });
  tell({ what: 'holdfast find, from a warm cache', figures: warm, unit: 's', note: 'must be under 0.1, where node -e 0 takes 0.04' });
}

/** As large, and of the same shape, as the lists that are published. */
function listOf(contentId: string, releases: number, versions: number): string {
  const digits = (seed: number): string => (seed * 2654435761 % 2 ** 32).toString(16).padStart(8, '0').repeat(8);
  return productsJson(contentId, Object.fromEntries(Array.from({ length: releases }, (_, at) => at).flatMap((at) => ARCHITECTURES.map((arch, machine) => {
    const title = `${10 + Math.floor(at / 2)}.${at % 2 === 0 ? '04' : '10'}`;
    const name = `codename${at}`;
    return [`com.ubuntu.cloud:server:${title}:${arch}`, {
      aliases: `${title},${name}${at === releases - 1 ? ',lts,default' : ''}`, arch, os: 'ubuntu', release: name, release_codename: `Codename ${at}`, release_title: title, support_eol: '2029-05-31', supported: at > releases - 8, version: title,
      versions: Object.fromEntries(Array.from({ length: versions }, (__, day) => [`2026${String(1001 + day)}`, {
        items: Object.fromEntries(ITEMS.map((item, which) => [item, {
          ftype: item, md5: digits(at + which).slice(0, 32), path: `server/releases/${name}/release-2026${1001 + day}/ubuntu-${title}-server-cloudimg-${arch}.${item}`,
          sha256: digits(((at * 6 + machine) * 40 + day) * 20 + which), size: 500_000_000 + which,
        }])),
        label: 'release', pubname: `ubuntu-${name}-${title}-${arch}-server-2026${1001 + day}`,
      }])),
    }];
  }))));
}
