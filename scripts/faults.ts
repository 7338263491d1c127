/**
 * npm run faults: every live fault in a real guest, each watched for a full minute; the table goes to
 * docs/faults/<date>.md. Then each lane is cut 20 times. With words as arguments, only faults whose name contains one of
 * them; `reconnects` is the lanes.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { reconnect, type Reconnects } from '../test/faults/reconnects.ts';
import { mend, runFault, type Watched } from '../test/faults/run-fault.ts';
import { FAULTS } from '../test/faults/table.ts';
import { CHECKOUT, makeTestHome, openTestHome } from '../test/real/home.ts';

const WATCH_SECONDS = 60;
const RECONNECTS = 20;

const wanted = process.argv.slice(2);
const chosen = FAULTS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
const kept = process.env['HOLDFAST_TEST_CACHE'];
const imageDirectory = kept ?? await mkdtemp('/var/tmp/hf-image-');
const imageHome = openTestHome(imageDirectory);
let failed = 0;
try {
  await imageHome.must(['image', 'build', 'debian'], { timeoutMs: 900_000, onOutput: (text) => process.stdout.write(text) });
  await using home = await makeTestHome({ imagesFrom: join(imageDirectory, 'images') });
  await Promise.all(['apollo', 'hermes'].map((name) => home.must(['launch', '--name', name], { timeoutMs: 900_000 })));
  const { accelerator } = await home.info('apollo');
  const watch = { home, instance: 'apollo', other: 'hermes', watchSeconds: WATCH_SECONDS };
  const rows: string[] = [];
  for (const fault of chosen) {
    const row = await runFault(fault, watch).then(asRow, (error: unknown) => {
      failed += 1;
      return `| ${fault.name} | FAILED: ${String(error).split('\n')[0]} |||||`;
    });
    process.stdout.write(`${row}\n`);
    rows.push(row);
    await mend(fault, watch);
  }
  if (wanted.length === 0 || wanted.includes('reconnects')) {
    const lanes = await reconnect(home, 'apollo', RECONNECTS).then((all) => all.map(asLine), (error: unknown) => {
      failed += 1;
      return [`| FAILED: ${String(error)} |||`];
    });
    process.stdout.write(`${lanes.join('\n')}\n`);
    if (wanted.length === 0) await publish(rows, lanes, accelerator ?? 'unknown');
  }
} finally {
  await imageHome.endDaemon();
  if (kept === undefined) await rm(imageDirectory, { recursive: true, force: true });
}
const asked = chosen.length + (wanted.length === 0 || wanted.includes('reconnects') ? 1 : 0);
process.stdout.write(`${asked - failed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

function asRow(watched: Watched): string {
  const figures = [watched.firstExecSeconds, watched.laterExecSeconds, watched.slowestListSeconds, watched.slowestOtherSeconds, watched.noticedSeconds];
  return `| ${watched.fault} | ${figures.map((seconds) => seconds.toFixed(2)).join(' | ')} |`;
}

function asLine({ lane, seconds }: Reconnects): string {
  const sorted = seconds.toSorted((a, b) => a - b);
  return `| ${lane} | ${seconds.length} | ${[sorted[sorted.length >> 1], sorted.at(-1)].map((each) => each?.toFixed(2)).join(' | ')} |`;
}

async function publish(rows: readonly string[], lanes: readonly string[], accelerator: string): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const directory = join(CHECKOUT, 'docs/faults');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${date}.md`), `# Live faults, ${date}

Debian 12 guest, one vCPU, accelerator ${accelerator}; host with ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}). Each fault was
watched for ${WATCH_SECONDS} s. Seconds are of whole commands, the command line's own start included.

| fault | first exec | exec 10 s later | slowest list | slowest exec in another instance | noticed by info after |
|---|---|---|---|---|---|
${rows.join('\n')}

All lanes were cut from the host's side and used again at once, in one process (without a command line's start).

| lane | reconnects in a row | median, to a command's end | slowest |
|---|---|---|---|
${lanes.join('\n')}
`);
}
