/**
 * npm run faults: every live fault in a real guest, each watched for a full minute; the table goes to
 * docs/faults/<date>.md. Then each lane is cut 20 times, and everything befalls a template that can. With words as
 * arguments, only faults whose name contains one of them; `reconnects` is the lanes, `templates` are the templates.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { reconnect, type Reconnects } from '../test/faults/reconnects.ts';
import { mend, runFault, type Watched } from '../test/faults/run-fault.ts';
import { FAULTS } from '../test/faults/table.ts';
import { CHECKOUT, makeTestHome, openTestHome } from '../test/real/home.ts';
import { runVitest } from './run-vitest.ts';

const WATCH_SECONDS = 60;
const RECONNECTS = 20;

const wanted = process.argv.slice(2);
const isWanted = (word: string): boolean => wanted.length === 0 || wanted.includes(word);
const chosen = FAULTS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
const kept = process.env['HOLDFAST_TEST_CACHE'];
const imageDirectory = kept ?? await mkdtemp('/var/tmp/hf-image-');
const imageHome = openTestHome(imageDirectory);
const count = { passed: 0, failed: 0 };
try {
  await imageHome.must(['image', 'build', 'debian'], { timeoutMs: 900_000, onOutput: (text) => process.stdout.write(text) });
  const found = chosen.length > 0 || isWanted('reconnects') ? await inGuests() : { rows: [], lanes: [], accelerator: 'unknown' };
  const templates = isWanted('templates') ? await templateFaults() : [];
  if (wanted.length === 0) await publish(found.rows, found.lanes, templates, found.accelerator);
} finally {
  await imageHome.endDaemon();
  if (kept === undefined) await rm(imageDirectory, { recursive: true, force: true });
}
process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
process.exit(count.failed === 0 ? 0 : 1);

async function inGuests(): Promise<{ rows: string[]; lanes: string[]; accelerator: string }> {
  await using home = await makeTestHome({ imagesFrom: join(imageDirectory, 'images') });
  await Promise.all(['apollo', 'hermes'].map((name) => home.must(['launch', '--name', name], { timeoutMs: 900_000 })));
  const { accelerator } = await home.info('apollo');
  const watch = { home, instance: 'apollo', other: 'hermes', watchSeconds: WATCH_SECONDS };
  const rows: string[] = [];
  for (const fault of chosen) {
    rows.push(...await counted(async () => [asRow(await runFault(fault, watch))], fault.name));
    await mend(fault, watch);
  }
  const lanes = isWanted('reconnects') ? await counted(async () => (await reconnect(home, 'apollo', RECONNECTS)).map(asLine), 'reconnects') : [];
  return { rows, lanes, accelerator: accelerator ?? 'unknown' };
}

/** Lines of a table; a check that fails is one of them. */
async function counted(check: () => Promise<string[]>, name: string): Promise<string[]> {
  const lines = await check().then((found) => {
    count.passed += 1;
    return found;
  }, (error: unknown) => {
    count.failed += 1;
    return [`| ${name} | FAILED: ${String(error).split('\n')[0]} |`];
  });
  process.stdout.write(`${lines.join('\n')}\n`);
  return lines;
}

/** In the tests on real VMs, of which CI takes one at a time. */
async function templateFaults(): Promise<string[]> {
  const { passed, failed, cases } = await runVitest(['--config', 'vitest.real.config.ts', '17-'], { HOLDFAST_TEST_ALL: '1', HOLDFAST_TEST_CACHE: imageDirectory });
  count.passed += passed;
  count.failed += failed;
  return cases.map((each) => `| ${each.name} | ${each.passed ? 'held' : 'FAILED'} | ${each.seconds.toFixed(1)} |`);
}

function asRow(watched: Watched): string {
  const figures = [watched.firstExecSeconds, watched.laterExecSeconds, watched.slowestListSeconds, watched.slowestOtherSeconds, watched.noticedSeconds];
  return `| ${watched.fault} | ${figures.map((seconds) => seconds.toFixed(2)).join(' | ')} |`;
}

function asLine({ lane, seconds }: Reconnects): string {
  const sorted = seconds.toSorted((a, b) => a - b);
  return `| ${lane} | ${seconds.length} | ${[sorted[sorted.length >> 1], sorted.at(-1)].map((each) => each?.toFixed(2)).join(' | ')} |`;
}

async function publish(rows: readonly string[], lanes: readonly string[], templates: readonly string[], accelerator: string): Promise<void> {
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

What can happen to a template, or while one is made: a launch after it boots instead, with one line of explanation, or makes
another; nothing is left of what failed, and no fork is handed out without an identity of its own (test/real/17-template-faults).
Seconds are of the whole check, the boots in it included.

| fault | | seconds |
|---|---|---|
${templates.join('\n')}
`);
}
