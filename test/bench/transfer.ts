/** Files over the bulk lane, against scp over the bridge to the same guest. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestHome } from '../real/home.ts';
import { openPeer } from './peer.ts';
import { ratio, timed, type Row } from './row.ts';

const RUNS = 3;
/** Ten thousand of them take scp minutes where guests are emulated. */
const SMALL_RUNS = 1;
const BIG_MIB = 256;
const SMALL = { folders: 100, files: 100 };
const run = promisify(execFile);
const LONG = { timeoutMs: 1_800_000 };

export async function benchTransfer(home: TestHome, tell: (row: Row) => void): Promise<void> {
  // A whole boot: a fork's small translation buffer would measure the emulator.
  await home.must(['launch', '--cold', '--name', 'files'], LONG);
  const { target, options } = await openPeer(home, 'files');
  const there = `${target}:/var/tmp/`;
  const clear = () => home.must(['exec', 'files', '--', 'sh', '-c', 'rm -rf /var/tmp/*big /var/tmp/*small; sync']);

  const scratch = join(home.directory, 'files');
  await mkdir(join(scratch, 'back'), { recursive: true });
  await writeBig(join(scratch, 'big'));
  await writeSmall(join(scratch, 'small'));
  const back = async (name: string, bring: () => Promise<unknown>) => {
    await rm(join(scratch, 'back', name), { recursive: true, force: true });
    return await timed(bring);
  };
  const figures = { in: [[], []], out: [[], []], small: [[], []], smallOut: [[], []] } as Record<string, [number[], number[]]>;
  for (let turn = 0; turn < RUNS; turn += 1) {
    figures['in']?.[0].push(await timed(() => run('scp', [...options, join(scratch, 'big'), there])));
    figures['in']?.[1].push((await home.must(['transfer', join(scratch, 'big'), 'files:/var/tmp/'], LONG)).seconds);
    figures['out']?.[0].push(await back('big', () => run('scp', [...options, `${there}big`, join(scratch, 'back')])));
    figures['out']?.[1].push(await back('big', () => home.must(['transfer', 'files:/var/tmp/big', join(scratch, 'back')], LONG)));
    await clear();
    if (turn >= SMALL_RUNS) continue;
    figures['small']?.[0].push(await timed(() => run('scp', [...options, '-r', join(scratch, 'small'), there])));
    figures['smallOut']?.[0].push(await back('small', () => run('scp', [...options, '-r', `${there}small`, join(scratch, 'back')])));
    await clear();
    figures['small']?.[1].push((await home.must(['transfer', '-r', join(scratch, 'small'), 'files:/var/tmp/'], LONG)).seconds);
    figures['smallOut']?.[1].push(await back('small', () => home.must(['transfer', '-r', 'files:/var/tmp/small', join(scratch, 'back')], LONG)));
    await clear();
  }
  await home.must(['delete', '--purge', 'files']);
  for (const [key_, what] of [['in', `${BIG_MIB} MiB in`], ['out', `${BIG_MIB} MiB out`], ['small', '10,000 small files in'], ['smallOut', '10,000 small files out']] as const) {
    const [peer, ours] = figures[key_] ?? [[], []];
    tell({ what: `${what}, by scp over the bridge`, figures: peer, unit: 's', note: 'the peer of the next line' });
    tell({ what: `${what}, by transfer`, figures: ours, unit: 's', note: ratio(ours, peer) });
  }
}

/** Of octets that do not compress. */
async function writeBig(path: string): Promise<void> {
  await using file = await open(path, 'w');
  for (let written = 0; written < BIG_MIB; written += 16) await file.write(randomBytes(16 * 1024 * 1024));
}

async function writeSmall(path: string): Promise<void> {
  for (let folder = 0; folder < SMALL.folders; folder += 1) {
    await mkdir(join(path, `${folder}`), { recursive: true });
    for (let file = 0; file < SMALL.files; file += 1) await writeFile(join(path, `${folder}/${file}`), `file ${file} of ${folder}\n`);
  }
}
