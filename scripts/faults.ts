/**
 * npm run faults: every live fault in a real guest, each watched for a full minute; every fault across a reboot, and a first
 * boot without DHCP; what can befall the host, with a daemon that is away for ten minutes; each lane cut 20 times; all that
 * can befall a template; and a guest that floods all that is read of it. The tables go to docs/faults/<date>.md. With words as
 * arguments, only faults whose name contains one of them, and nothing is written; `reconnects` is the lanes, `sequences` are
 * network changes one after the other, `templates` are the templates, `floods` the floods, `doctor` is what the doctor must find and mend.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { reconnect, type Reconnects } from '../test/faults/reconnects.ts';
import { runSequence } from '../test/faults/change-sequences.ts';
import { HOST_FAULTS } from '../test/faults/host.ts';
import { CHANGE_FAULTS, runChangeFault } from '../test/faults/network-changes.ts';
import { firstBootWithoutDhcp, NO_DHCP } from '../test/faults/no-dhcp.ts';
import { REBOOTS } from '../test/faults/reboots.ts';
import { mend, runFault, type Watched } from '../test/faults/run-fault.ts';
import { runReboot } from '../test/faults/run-reboot.ts';
import { FAULTS } from '../test/faults/table.ts';
import { CHECKOUT, makeTestHome, openTestHome, type TestHome } from '../test/real/home.ts';
import { runVitest } from './run-vitest.ts';

const WATCH_SECONDS = 60;
const RECONNECTS = 20;
const AWAY_SECONDS = 600;
/** Fifty changes of the network, and a repair after every five. */
const [SEQUENCES, SEQUENCE_LENGTH] = [10, 5];

const wanted = process.argv.slice(2);
const isWanted = (word: string): boolean => wanted.length === 0 || wanted.includes(word);
const isNamed = ({ name }: { readonly name: string }): boolean => wanted.length === 0 || wanted.some((word) => name.includes(word));
const NOTHING: InGuests = { live: [], reboots: [], host: [], changes: [], sequences: [], lanes: [], accelerator: 'unknown' };
const needsGuests = [...FAULTS, ...REBOOTS, ...HOST_FAULTS, ...CHANGE_FAULTS, { name: NO_DHCP }].some(isNamed) || isWanted('reconnects') || isWanted('sequences');
const kept = process.env['HOLDFAST_TEST_CACHE'];
const imageDirectory = kept ?? await mkdtemp('/var/tmp/hf-image-');
const imageHome = openTestHome(imageDirectory);
const count = { passed: 0, failed: 0 };
try {
  await imageHome.must(['image', 'build', 'debian'], { timeoutMs: 900_000, onOutput: (text) => process.stdout.write(text) });
  const found = needsGuests ? await inGuests() : NOTHING;
  const templates = isWanted('templates') ? await realTests('17-') : [];
  const floods = isWanted('floods') ? await realTests('56-') : [];
  const ailments = isWanted('doctor') ? await realTests('55-doctor') : [];
  if (wanted.length === 0) await publish(found, templates, floods, ailments);
} finally {
  await imageHome.endDaemon();
  if (kept === undefined) await rm(imageDirectory, { recursive: true, force: true });
}
process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
process.exit(count.failed === 0 ? 0 : 1);

interface InGuests {
  readonly live: string[];
  readonly reboots: string[];
  readonly host: string[];
  readonly changes: string[];
  readonly sequences: string[];
  readonly lanes: string[];
  readonly accelerator: string;
}

async function inGuests(): Promise<InGuests> {
  await using home = await makeTestHome({ imagesFrom: join(imageDirectory, 'images') });
  await Promise.all(['apollo', 'hermes'].map((name) => home.must(['launch', '--name', name], { timeoutMs: 900_000 })));
  const { accelerator } = await home.info('apollo');
  const watch = { home, instance: 'apollo', other: 'hermes', watchSeconds: WATCH_SECONDS };
  const live: string[] = [];
  for (const fault of FAULTS.filter(isNamed)) {
    live.push(...await counted(async () => [asRow(await runFault(fault, watch))], fault.name));
    await mend(fault, watch);
  }
  const host: string[] = [];
  for (const { name, run } of HOST_FAULTS.filter(isNamed)) {
    host.push(...await counted(async () => [`| ${name} | ${await run({ home, instance: 'apollo', awaySeconds: AWAY_SECONDS })} |`], name));
  }
  const changes: string[] = [];
  for (const fault of CHANGE_FAULTS.filter(isNamed)) {
    changes.push(...await counted(async () => [`| ${fault.name} | ${await runChangeFault(fault, { home, instance: 'apollo' })} |`], fault.name));
  }
  const reboots: string[] = [];
  for (const fault of REBOOTS.filter(isNamed)) {
    reboots.push(...await counted(async () => {
      const { bootSeconds, firstExecSeconds, nextExecSeconds, listSeconds, otherSeconds } = await runReboot(fault, watch);
      return [cells(fault.name, [bootSeconds, firstExecSeconds, nextExecSeconds, listSeconds, otherSeconds])];
    }, fault.name));
    await mend(fault, watch);
  }
  if (isNamed({ name: NO_DHCP })) {
    reboots.push(...await counted(async () => {
      const { bootSeconds, firstExecSeconds, sudoSeconds, listSeconds, otherSeconds } = await firstBootWithoutDhcp(home, 'hermes');
      return [cells(NO_DHCP, [bootSeconds, firstExecSeconds, sudoSeconds, listSeconds, otherSeconds])];
    }, NO_DHCP));
  }
  const lanes = isWanted('reconnects') ? await counted(async () => (await reconnect(home, 'apollo', RECONNECTS)).map(asLine), 'reconnects') : [];
  const sequences: string[] = [];
  if (isWanted('sequences')) {
    for (let seed = 1; seed <= SEQUENCES; seed += 1) sequences.push(...await counted(() => sequenceOf(home, seed), `sequence ${seed}`));
  }
  return { live, reboots, host, changes, sequences, lanes, accelerator: accelerator ?? 'unknown' };
}

async function sequenceOf(home: TestHome, seed: number): Promise<string[]> {
  const { steps, repairSeconds } = await runSequence(home, 'apollo', { seed, length: SEQUENCE_LENGTH }, (line) => process.stdout.write(`${line}\n`));
  return [`| ${seed} | ${steps.map(({ name }) => name).join('; ')} | ${Math.max(...steps.map(({ execSeconds }) => execSeconds)).toFixed(2)} | ${repairSeconds.toFixed(1)} |`];
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
async function realTests(file: string): Promise<string[]> {
  const { passed, failed, cases } = await runVitest(['--config', 'vitest.real.config.ts', file], { HOLDFAST_TEST_ALL: '1', HOLDFAST_TEST_CACHE: imageDirectory });
  count.passed += passed;
  count.failed += failed;
  return cases.map((each) => `| ${each.name} | ${each.passed ? 'held' : 'FAILED'} | ${each.seconds.toFixed(1)} |`);
}

function asRow(watched: Watched): string {
  return cells(watched.fault, [watched.firstExecSeconds, watched.laterExecSeconds, watched.slowestListSeconds, watched.slowestOtherSeconds, watched.noticedSeconds]);
}

function cells(name: string, figures: readonly number[]): string {
  return `| ${name} | ${figures.map((seconds) => seconds.toFixed(2)).join(' | ')} |`;
}

function asLine({ lane, seconds }: Reconnects): string {
  const sorted = seconds.toSorted((a, b) => a - b);
  return `| ${lane} | ${seconds.length} | ${[sorted[sorted.length >> 1], sorted.at(-1)].map((each) => each?.toFixed(2)).join(' | ')} |`;
}

async function publish({ live, reboots, host, changes, sequences, lanes, accelerator }: InGuests, templates: readonly string[], floods: readonly string[], ailments: readonly string[]): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const directory = join(CHECKOUT, 'docs/faults');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${date}.md`), `# Faults, ${date}

Debian 12 guest, one vCPU, accelerator ${accelerator}; host with ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}). Each fault was
watched for ${WATCH_SECONDS} s. Seconds are of whole commands, the command line's own start included.

| fault | first exec | exec 10 s later | slowest list | slowest exec in another instance | noticed by info after |
|---|---|---|---|---|---|
${live.join('\n')}

Across a restart of the guest. Boot is the guest's own: from the machine's reset (or start) to the guest opening its control
lane. The first exec is from there to its end, the second follows at once.

| fault | boot | first exec | second exec | list | exec in another instance |
|---|---|---|---|---|---|
${reboots.join('\n')}

Of the host:

| fault | held |
|---|---|
${host.join('\n')}

While a network change is armed that takes the default interface's address away; as before are files with owners, modes and times,
addresses, routes and links. Seconds count from the fault's end and include the deadline.

| fault | |
|---|---|
${changes.join('\n')}

Changes of the network one after the other, by hand and by Holdfast; \`net repair\` at the end brought the default interface back.

| seed | changes | slowest exec after one | net repair |
|---|---|---|---|
${sequences.join('\n')}

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

Root in a guest writes without end to what is read of it (test/real/56-flood): the daemon's memory and time are bounded, the other
instance answers, and the guest is held again afterwards.

| flood | | seconds |
|---|---|---|
${floods.join('\n')}

What \`holdfast doctor NAME\` names as the first broken layer and \`--fix\` mends (test/real/55-doctor).

| ailment | | seconds |
|---|---|---|
${ailments.join('\n')}
`);
}
