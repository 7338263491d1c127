/**
 * npm run bench: how long things take, as a user sees them, on this machine: medians, and ratios against a peer in the
 * same run. The table goes to docs/bench/<date>.md. Nothing is asserted: figures depend on the machine. `npm run bench -- forks
 * exec` takes those parts only, and puts their names into the file's.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { benchClone } from '../test/bench/clone.ts';
import { benchCommands } from '../test/bench/commands.ts';
import { benchCrowd, benchList } from '../test/bench/crowd.ts';
import { benchExec } from '../test/bench/exec.ts';
import { benchFind } from '../test/bench/find.ts';
import { benchForks } from '../test/bench/forks.ts';
import { benchIdle } from '../test/bench/idle.ts';
import { benchMounts } from '../test/bench/mounts.ts';
import { benchTransfer } from '../test/bench/transfer.ts';
import type { Row } from '../test/bench/row.ts';
import { CHECKOUT, makeTestHome } from '../test/real/home.ts';
import { makeImageHome } from '../test/real/image-home.ts';

const PARTS: readonly string[] = ['commands', 'find', 'list', 'crowd', 'forks', 'exec', 'clone', 'mounts', 'transfer', 'idle'];
const chosen = process.argv.slice(2);
const unknown = chosen.find((part) => !PARTS.includes(part));
if (unknown !== undefined) {
  process.stderr.write(`no such part: ${unknown}; there are: ${PARTS.join(', ')}\n`);
  process.exit(1);
}
const image = await makeImageHome();
try {
  await using home = await makeTestHome({ imagesFrom: image.images });
  const rows: Row[] = [];
  const tell = (row: Row): void => {
    rows.push(row);
    process.stdout.write(`${line(row)}\n`);
  };
  const wanted = PARTS.filter((part) => chosen.length === 0 || chosen.includes(part));
  const breakdown: string[] = [];
  if (wanted.includes('commands')) await benchCommands(tell);
  if (wanted.includes('find')) await benchFind(tell);
  if (wanted.includes('list')) await benchList(tell);
  if (wanted.includes('crowd')) await benchCrowd(tell);
  if (wanted.includes('forks')) breakdown.push(...await benchForks(home, tell));
  if (wanted.includes('exec')) await benchExec(home, tell);
  if (wanted.includes('clone')) await benchClone(home, tell);
  if (wanted.includes('mounts')) await benchMounts(home, tell);
  if (wanted.includes('transfer')) await benchTransfer(home, tell);
  if (wanted.includes('idle')) await benchIdle(home, tell);
  await publish(rows, breakdown, chosen.length === 0 ? '' : `-${wanted.join('-')}`);
} finally {
  await image[Symbol.asyncDispose]();
}

function line({ what, figures, unit, note }: Row): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const shown = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((figure) => (figure ?? Number.NaN).toFixed(2));
  return `| ${what} | ${shown[0]} ${unit} | ${shown[1]} to ${shown[2]} | ${figures.length} | ${note} |`;
}

async function publish(rows: readonly Row[], breakdown: readonly string[], parts: string): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const directory = join(CHECKOUT, 'docs/bench');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${date}${parts}.md`), `# Figures, ${date}

Host: ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB; guests: Debian 12, one vCPU, 1 GiB.
Whole commands, the command line's own start included, unless it says otherwise.

| what | median | least to most | runs | note |
|---|---|---|---|---|
${rows.map(line).join('\n')}

${breakdown.join('\n')}
`);
}
