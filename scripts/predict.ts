/**
 * npm run predict: how well a change of netplan files is predicted, by two judges. `a` compares with what netplan's own
 * generator renders or refuses, `b` with what happens to a real guest (as root on Linux). The tables go to
 * docs/predict/<date>.md.
 *
 *   npm run predict -- a [count=1000] [seed=5] [release=12|13]
 *   npm run predict -- b [count=150] [seed=5] [resume] [progress=FILE] [home=DIRECTORY]
 *   npm run predict -- a case=123 [seed=5] [release=12] [shrink]
 *   npm run predict -- b case=123 [seed=5]
 *
 * The last two show one case and write nothing. `resume` goes on where an earlier run of the same seed has ended, or was
 * interrupted: it ends after the case that it is at. `home` has an image already, and is left as it was.
 */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compare } from '../src/core/netplan/compare.ts';
import { predict } from '../src/core/netplan/predict.ts';
import type { Change } from '../test/predict/cases/cases.ts';
import { openLab, type Lab } from '../test/predict/guest/lab.ts';
import { changeFor, tryCase, type Tried } from '../test/predict/guest/try-case.ts';
import { fetchGenerator, NETPLAN_RELEASES, type Generator } from '../test/predict/rendering/netplan-package.ts';
import { render } from '../test/predict/rendering/render.ts';
import { changeOf, disagrees, factsFor, judgeChange, runCases, shrunk, type JudgedCase } from '../test/predict/rendering/run-cases.ts';
import { guestLine, guestTable, rates, renderingLine, renderingTable } from '../test/predict/tables.ts';
import { CHECKOUT, giveRoom, makeTestHome, openTestHome, type TestHome } from '../test/real/home.ts';

const MOST_GUESTS = 5;

const wish = readWish(process.argv.slice(2));
const interrupt = new AbortController();
const ending = interrupt.signal;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { interrupt.abort(); });
const ok = wish.judge === 'a' ? await judgeA() : await judgeB();
process.exit(ok ? 0 : 1);

async function judgeA(): Promise<boolean> {
  const generators = await Promise.all(wish.releases.map((release) => fetchGenerator(NETPLAN_RELEASES[release])));
  if (wish.number !== null) {
    for (const generator of generators) await showRendering(generator, wish.number);
    return true;
  }
  const tables: string[] = [];
  let differing = 0;
  for (const generator of generators) {
    const cases: JudgedCase[] = [];
    const startedAt = performance.now();
    await runCases(generator, wish.seed, Array.from({ length: wish.count ?? 1000 }, (_, number) => number), (judged) => {
      cases.push(judged);
      if (disagrees(judged)) process.stdout.write(`${renderingLine(judged)}\n`);
    });
    tables.push(`${renderingTable(cases, generator.version)}\n${((performance.now() - startedAt) / 1000).toFixed(0)} s.`);
    differing += cases.filter(disagrees).length;
  }
  await publish('Judge A: against netplan\'s own generator', tables.join('\n\n'));
  return differing === 0;
}

async function showRendering(generator: Generator, number: number): Promise<void> {
  const change = wish.shrink ? await shrunk(generator, wish.seed, number) : changeOf(wish.seed, number);
  const rendering = await render(generator, change.after);
  const judged = { number, ...judgeChange(change, rendering, generator) };
  const facts = factsFor(change, generator);
  const predicted = predict(change.after, facts);
  process.stdout.write(`${filesOf(change)}
netplan ${generator.version}: ${judged.netplan}${rendering.said === '' ? '' : `\n${rendering.said.trim()}`}
${[...rendering.files].map(([path, text]) => `--- /run/${path}\n${text}`).join('')}
predicted: ${judged.weSaid === '' ? 'accepted' : judged.weSaid}; verdict ${judged.verdict}
${compare(predict(change.before, facts), predicted, facts).findings.map(({ code, verdict, file, line, reason }) => `  ${verdict} ${code} ${file ?? ''}:${line ?? ''} ${reason}`).join('\n')}
${disagrees(judged) ? `They differ:\n${judged.differences.map((each) => `  ${each}`).join('\n')}` : 'They agree.'}
`);
}

async function judgeB(): Promise<boolean> {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') throw new Error('judge B needs a bridge, which only root on Linux has');
  if (wish.home !== null) return await inHome(openTestHome(wish.home));
  const kept = process.env['HOLDFAST_TEST_CACHE'];
  const imageDirectory = kept ?? await mkdtemp('/var/tmp/hf-image-');
  const imageHome = openTestHome(imageDirectory);
  try {
    await imageHome.must(['image', 'build', 'debian'], { timeoutMs: 900_000, onOutput: (text) => process.stdout.write(text) });
    await using home = await makeTestHome({ imagesFrom: join(imageDirectory, 'images') });
    await giveRoom(home);
    return await inHome(home);
  } finally {
    await imageHome.endDaemon();
    if (kept === undefined) await rm(imageDirectory, { recursive: true, force: true });
  }
}

async function inHome(home: TestHome): Promise<boolean> {
  if (wish.number !== null) {
    await using lab = await openLab(home, 'predicted');
    process.stdout.write(`${filesOf(changeFor(lab, wish.seed, wish.number))}\n`);
    const tried = await tryCase(lab, wish.seed, wish.number);
    process.stdout.write(`${guestLine(tried)}\n${tried.reasons.map((reason) => `  ${reason}\n`).join('')}`);
    return true;
  }
  const tried = await tryAll(home);
  await publish('Judge B: against a real guest', `Debian 12, one vCPU, accelerator emulated or not as the host has it; ${cpus().length} processors on the host.\n\n${guestTable(tried)}`);
  const { safeButLost, falseAlarms, alarms, unknown } = rates(tried);
  return safeButLost.length === 0 && falseAlarms.length <= alarms * 0.05 && unknown <= tried.length * 0.1;
}

/** A guest that cannot be put back is given up, and another one goes on. */
async function tryAll(home: TestHome): Promise<Tried[]> {
  const tried = wish.resume ? (await readFile(wish.progress, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Tried) : [];
  if (!wish.resume) await rm(wish.progress, { force: true });
  const left = Array.from({ length: wish.count ?? 150 }, (_, number) => number).filter((number) => !tried.some((each) => each.number === number));
  let lab: Lab | undefined;
  let guests = 0;
  try {
    for (const number of left) {
      if (ending.aborted) break;
      if (lab === undefined) {
        guests += 1;
        if (guests > MOST_GUESTS) throw new Error(`${MOST_GUESTS} guests could not be put back to what they were`);
        lab = await openLab(home, `predicted-${guests}`);
      }
      const startedAt = performance.now();
      try {
        const one = await tryCase(lab, wish.seed, number);
        tried.push(one);
        await appendFile(wish.progress, `${JSON.stringify(one)}\n`);
        process.stdout.write(`${tried.length} tried, ${((performance.now() - startedAt) / 1000).toFixed(0)} s ${guestLine(one)}\n`);
      } catch (error) {
        process.stdout.write(`${String(error).slice(0, 2000)}\n`);
        await lab[Symbol.asyncDispose]();
        lab = undefined;
      }
    }
  } finally {
    await lab?.[Symbol.asyncDispose]();
  }
  return tried.toSorted((a, b) => a.number - b.number);
}

function filesOf({ before, after }: Change): string {
  const paths = new Set(after.map(({ path }) => path));
  return [
    ...before.filter(({ path }) => !paths.has(path)).map(({ path }) => `--- ${path} is set aside`),
    ...after.map((file) => (before.includes(file) ? `--- ${file.path} stays as it was at launch` : `--- ${file.path}\n${file.text}`)),
  ].join('\n');
}

/** In the day's page, in place of what an earlier run of the same judge wrote there. */
async function publish(heading: string, text: string): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const directory = join(CHECKOUT, 'docs/predict');
  const path = join(directory, `${date}.md`);
  await mkdir(directory, { recursive: true });
  const old = await readFile(path, 'utf8').catch(() => '');
  const others = old.split(/^(?=## )/m).slice(1).filter((section) => !section.startsWith(`## ${heading}\n`));
  const sections = [...others, `## ${heading}\n\nSeed ${wish.seed}. ${text.trim()}\n`].toSorted();
  await writeFile(path, `# Predictions, ${date}

How a change of netplan files was predicted, and what became of it. Cases are made by chance out of all that is predicted; each
is known by the seed and its number.

${sections.map((section) => section.trim()).join('\n\n')}
`);
  process.stdout.write(`\n${text}\n`);
}

interface Wish {
  readonly judge: 'a' | 'b';
  readonly count: number | null;
  readonly seed: number;
  readonly number: number | null;
  readonly releases: readonly (keyof typeof NETPLAN_RELEASES)[];
  readonly resume: boolean;
  readonly shrink: boolean;
  readonly progress: string;
  readonly home: string | null;
}

function readWish([judge, ...words]: readonly string[]): Wish {
  if (judge !== 'a' && judge !== 'b') throw new Error('which judge: npm run predict -- a, or b');
  const given = new Map(words.map((word) => word.split('=') as [string, string | undefined]));
  const number = (key: string): number | null => {
    const text = given.get(key);
    if (text === undefined) return null;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${key} is a whole number, not ${text}`);
    return value;
  };
  const known = ['count', 'seed', 'case', 'release', 'resume', 'shrink', 'progress', 'home'];
  const strange = [...given.keys()].find((key) => !known.includes(key));
  if (strange !== undefined) throw new Error(`what is ${strange}? There are: ${known.join(', ')}`);
  const seed = number('seed') ?? 5;
  const release = number('release');
  if (release !== null && release !== 12 && release !== 13) throw new Error('release is 12 or 13');
  return {
    judge, seed, count: number('count'), number: number('case'), releases: release === null ? [12, 13] : [release],
    resume: given.has('resume'), shrink: given.has('shrink'), progress: given.get('progress') ?? `/var/tmp/hf-predict-${seed}.jsonl`, home: given.get('home') ?? null,
  };
}
