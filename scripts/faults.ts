/**
 * npm run faults: every live fault in a real guest, each watched for a full minute; every fault across a reboot, and a first
 * boot without DHCP; what can befall the host, with a daemon that is away for ten minutes; each lane cut 20 times; all that
 * can befall a template; a guest that floods all that is read of it; and what older releases left. The tables go to
 * docs/faults/<date>.md. With words as arguments, only faults whose name contains one of them, and nothing is written;
 * `reconnects` is the lanes, `sequences` are network changes one after the other, `templates` are the templates, `floods` the
 * floods, `doctor` is what the doctor must find and mend, `upgrades` are the agents and homes of older releases.
 *
 * It takes hours where guests are emulated: with progress=FILE what was found is kept there, and not done again.
 */
import { runSequence } from '../test/faults/change-sequences.ts';
import { HOST_FAULTS } from '../test/faults/host.ts';
import { Marks, type Part } from '../test/faults/marks.ts';
import { CHANGE_FAULTS, runChangeFault } from '../test/faults/network-changes.ts';
import { firstBootWithoutDhcp, NO_DHCP } from '../test/faults/no-dhcp.ts';
import { publishFaults } from '../test/faults/publish.ts';
import { REBOOTS } from '../test/faults/reboots.ts';
import { reconnect, type Reconnects } from '../test/faults/reconnects.ts';
import { andMended, mend, runFault, type Watched } from '../test/faults/run-fault.ts';
import { runReboot } from '../test/faults/run-reboot.ts';
import { FAULTS } from '../test/faults/table.ts';
import { giveRoom, HomeEnded, isInterrupted, makeTestHome, type TestHome } from '../test/real/home.ts';
import { makeImageHome } from '../test/real/image-home.ts';
import { runVitest } from './run-vitest.ts';

const WATCH_SECONDS = 60;
const RECONNECTS = 20;
const AWAY_SECONDS = 600;
/** Fifty changes of the network, and a repair after every five. */
const [SEQUENCES, SEQUENCE_LENGTH] = [10, 5];
const PROGRESS = /^progress=(.+)$/;
/** Tests on real VMs, of which CI takes one at a time. */
const REAL_TESTS = [['templates', '17-'], ['floods', '56-'], ['doctor', '55-doctor'], ['upgrades', '55-upgrade']] as const;

type Watch = Parameters<typeof runFault>[1];

const words = process.argv.slice(2);
const wanted = words.filter((word) => !PROGRESS.test(word));
const marks = await Marks.open(words.map((word) => PROGRESS.exec(word)?.[1]).find((path) => path !== undefined));
const due = <T extends { readonly name: string }>(part: Part, all: readonly T[]): readonly T[] =>
  all.filter(({ name }) => (wanted.length === 0 || wanted.some((word) => name.includes(word))) && !marks.has(part, name));
const isDue = (part: Part, word: string): boolean => (wanted.length === 0 || wanted.includes(word)) && !marks.hasPart(part);
const sequences = wanted.length === 0 || wanted.includes('sequences') ? Array.from({ length: SEQUENCES }, (_, index) => index + 1).filter((seed) => !marks.has('sequences', `sequence ${seed}`)) : [];
const todo = {
  live: due('live', FAULTS), host: due('host', HOST_FAULTS), changes: due('changes', CHANGE_FAULTS), reboots: due('reboots', REBOOTS),
  noDhcp: due('reboots', [{ name: NO_DHCP }]), lanes: isDue('lanes', 'reconnects') ? ['reconnects'] : [], sequences,
};

const image = await makeImageHome();
try {
  if (Object.values(todo).some((part) => part.length > 0)) await inGuests();
  for (const [part, file] of REAL_TESTS) if (isDue(part, part)) await realTests(part, file);
  if (wanted.length === 0) await publishFaults(marks, WATCH_SECONDS);
} finally {
  await image[Symbol.asyncDispose]();
}
process.stdout.write(`${marks.passed} passed, ${marks.failed} failed\n`);
process.exit(marks.failed === 0 ? 0 : 1);

async function inGuests(): Promise<void> {
  await using home = await makeTestHome({ imagesFrom: image.images });
  await giveRoom(home);
  await Promise.all(['apollo', 'hermes'].map((name) => home.must(['launch', '--name', name], { timeoutMs: 900_000 })));
  const accelerator = (await home.info('apollo')).accelerator ?? undefined;
  const watch: Watch = { home, instance: 'apollo', other: 'hermes', watchSeconds: WATCH_SECONDS };
  const check = async (part: Part, name: string, found: () => Promise<string[]>): Promise<void> => {
    const outcome = await found().then((lines) => ({ lines, held: true }), (error: unknown) => {
      if (error instanceof HomeEnded || isInterrupted()) throw error;
      return { lines: [failedLine(name, error)], held: false };
    });
    await marks.add({ part, name, accelerator, ...outcome });
  };
  for (const fault of todo.live) {
    await check('live', fault.name, async () => await andMended(() => mend(fault, watch), async () => [asRow(await runFault(fault, watch))]));
  }
  for (const { name, run } of todo.host) await check('host', name, async () => [`| ${name} | ${await run({ home, instance: 'apollo', awaySeconds: AWAY_SECONDS })} |`]);
  for (const fault of todo.changes) await check('changes', fault.name, async () => [`| ${fault.name} | ${await runChangeFault(fault, { home, instance: 'apollo' })} |`]);
  for (const fault of todo.reboots) {
    await check('reboots', fault.name, async () => await andMended(() => mend(fault, watch), async () => [await rebootRow(fault, watch)]));
  }
  for (const { name } of todo.noDhcp) await check('reboots', name, async () => [await noDhcpRow(home)]);
  for (const name of todo.lanes) await check('lanes', name, async () => (await reconnect(home, 'apollo', RECONNECTS)).map(asLine));
  for (const seed of todo.sequences) await check('sequences', `sequence ${seed}`, async () => [await sequenceRow(home, seed)]);
}

async function rebootRow(fault: (typeof REBOOTS)[number], watch: Watch): Promise<string> {
  const { bootSeconds, firstExecSeconds, nextExecSeconds, listSeconds, otherSeconds } = await runReboot(fault, watch);
  return cells(fault.name, [bootSeconds, firstExecSeconds, nextExecSeconds, listSeconds, otherSeconds]);
}

async function noDhcpRow(home: TestHome): Promise<string> {
  const { bootSeconds, firstExecSeconds, sudoSeconds, listSeconds, otherSeconds } = await firstBootWithoutDhcp(home, 'hermes');
  return cells(NO_DHCP, [bootSeconds, firstExecSeconds, sudoSeconds, listSeconds, otherSeconds]);
}

async function sequenceRow(home: TestHome, seed: number): Promise<string> {
  const { steps, repairSeconds } = await runSequence(home, 'apollo', { seed, length: SEQUENCE_LENGTH }, (line) => process.stdout.write(`${line}\n`));
  return `| ${seed} | ${steps.map(({ name }) => name).join('; ')} | ${Math.max(...steps.map(({ execSeconds }) => execSeconds)).toFixed(2)} | ${repairSeconds.toFixed(1)} |`;
}

async function realTests(part: Part, file: string): Promise<void> {
  const { failed, cases } = await runVitest(['--config', 'vitest.real.config.ts', file], { HOLDFAST_TEST_ALL: '1', HOLDFAST_TEST_CACHE: image.directory });
  for (const { name, passed, seconds } of cases) await marks.add({ part, name, lines: [`| ${name} | ${passed ? 'held' : 'FAILED'} | ${seconds.toFixed(1)} |`], held: passed });
  // A set-up that failed has no cases.
  if (failed > 0 && cases.every(({ passed }) => passed)) await marks.add({ part, name: file, lines: [failedLine(file, 'the suite did not run')], held: false });
}

function failedLine(name: string, error: unknown): string {
  return `| ${name} | FAILED: ${String(error).split('\n')[0]} |`;
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
