/**
 * npm run soak: what must hold for long. 100 stops and starts of one instance, 1,000 reconnects on every lane, and 20 forks
 * for an hour with a live fault in one of them after the other; then their daemon is killed. Takes hours where guests are
 * emulated: with progress=FILE what was done is kept there as it goes, and a later run with the same file goes on from there:
 * the forks' hour with what is left of it, in new forks. The result is docs/soak/<date>.md.
 *
 *   npm run soak -- [cycles=100] [reconnects=1000] [forks=20] [minutes=60] [seed=1] [progress=FILE]
 *
 * A part whose number is 0 is left out.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { reconnect } from '../test/faults/reconnects.ts';
import { CHECKOUT, giveRoom, HomeEnded, isInterrupted, makeTestHome, type TestHome } from '../test/real/home.ts';
import { makeImageHome } from '../test/real/image-home.ts';
import { cycle } from '../test/soak/cycles.ts';
import { comeBack, notHeld, soakLiveFaults, type Soaked } from '../test/soak/live-faults.ts';
import { AFTER_THE_DAEMON, AT_THE_END, keepMark, leftOfForks, readMarks, type Mark } from '../test/soak/progress.ts';
import { seeded } from '../test/soak/random.ts';

const RECONNECTS_AT_ONCE = 20;
const BETWEEN_LAUNCHES = 2;
const MOST_IN_A_ROW = 3;

const wish = readWish(process.argv.slice(2));
const marks = await readMarks(wish.progress);
const done = (what: string): number => marks.filter((mark) => mark.what === what).length;
const image = await makeImageHome();
try {
  await using home = await makeTestHome({ imagesFrom: image.images });
  await giveRoom(home);
  if (wish.reconnects > done('control') || wish.cycles > done('start')) {
    await home.must(['launch', '--name', 'apollo'], { timeoutMs: 900_000 });
    await reconnects(home);
    await cycles(home);
    await home.must(['delete', '--purge', 'apollo']);
  }
  const left = leftOfForks(marks, wish.minutes);
  if (wish.forks > 1 && wish.minutes > 0 && left !== undefined) await forks(home, left);
} finally {
  await image[Symbol.asyncDispose]();
  await publish();
}
const failures = marks.filter(({ failed }) => failed !== undefined);
process.stdout.write(`${marks.length - failures.length} passed, ${failures.length} failed\n`);
process.exit(failures.length === 0 ? 0 : 1);

async function reconnects(home: TestHome): Promise<void> {
  await untilDone('reconnects', 'control', wish.reconnects, async () => {
    for (const { lane, seconds } of await reconnect(home, 'apollo', Math.min(RECONNECTS_AT_ONCE, wish.reconnects - done('control')))) {
      for (const each of seconds) await mark({ part: 'reconnects', what: lane, seconds: each });
    }
  });
}

async function cycles(home: TestHome): Promise<void> {
  await untilDone('cycles', 'start', wish.cycles, async () => {
    const { stopSeconds, startSeconds, execSeconds } = await cycle(home, 'apollo');
    await mark({ part: 'cycles', what: 'stop', seconds: stopSeconds });
    await mark({ part: 'cycles', what: 'start', seconds: startSeconds });
    await mark({ part: 'cycles', what: 'first exec', seconds: execSeconds });
  });
}

/** A failure is one of the times, with when it was and how busy the host. @throws when it fails again and again: nothing is learnt of the rest */
async function untilDone(part: Mark['part'], what: string, times: number, turn: () => Promise<void>): Promise<void> {
  let inARow = 0;
  while (done(what) < times) {
    try {
      await turn();
      inARow = 0;
      process.stdout.write(`${done(what)} ${part}\n`);
    } catch (error) {
      if (error instanceof HomeEnded || isInterrupted()) throw error;
      await mark({ part, what, failed: `${new Date().toISOString()}, load ${loadavg()[0]?.toFixed(1)}: ${String(error)}` });
      inARow += 1;
      if (inARow === MOST_IN_A_ROW) throw error;
    }
  }
}

async function forks(home: TestHome, seconds: number): Promise<void> {
  const names = Array.from({ length: wish.forks }, (_, index) => `soak${index + 1}`);
  for (let at = 0; at < names.length; at += BETWEEN_LAUNCHES) {
    await Promise.all(names.slice(at, at + BETWEEN_LAUNCHES).map((name) => home.must(['launch', '--name', name], { timeoutMs: 900_000 })));
  }
  // As one long hour: what is drawn goes on, too.
  const random = seeded(wish.seed + done('exec after a fault'));
  await soakLiveFaults({ home, names, seconds, random, tell: markFault });
  if (done(AFTER_THE_DAEMON) === 0) {
    const back = await comeBack(home, names).then((each) => ({ seconds: each }), (error: unknown) => {
      if (error instanceof HomeEnded || isInterrupted()) throw error;
      return { failed: String(error) };
    });
    await mark({ part: 'forks', what: AFTER_THE_DAEMON, ...back });
  }
  const since = performance.now();
  const failed = await notHeld(home, names);
  await mark({ part: 'forks', what: AT_THE_END, ...(failed.length === 0 ? { seconds: (performance.now() - since) / 1000 } : { failed: failed.join('; ') }) });
}

async function markFault({ said, seconds: took, watched }: Soaked): Promise<void> {
  if (watched === undefined) return await mark({ part: 'forks', what: 'exec after a fault', failed: said, took });
  process.stdout.write(`${said}\n`);
  await mark({ part: 'forks', what: 'exec after a fault', seconds: watched.firstExecSeconds, took });
  await mark({ part: 'forks', what: 'list', seconds: watched.slowestListSeconds });
  await mark({ part: 'forks', what: 'exec in another instance', seconds: watched.slowestOtherSeconds });
}

async function mark(made: Mark): Promise<void> {
  marks.push(made);
  await keepMark(wish.progress, made);
  if (made.failed !== undefined) process.stdout.write(`FAILED ${made.failed}\n`);
}

async function publish(): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const rows = [...new Set(marks.map(({ part, what }) => `${part}\0${what}`))].map((key) => {
    const [part, what] = key.split('\0');
    const all = marks.filter((each) => each.part === part && each.what === what);
    const seconds = all.flatMap((each) => each.seconds ?? []).toSorted((a, b) => a - b);
    const at = (share: number): string => seconds[Math.min(seconds.length - 1, Math.floor(seconds.length * share))]?.toFixed(2) ?? '';
    return `| ${part} | ${what} | ${all.length} | ${all.length - seconds.length} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${at(1)} |`;
  });
  const failed = marks.flatMap((each) => each.failed ?? []);
  const directory = join(CHECKOUT, 'docs/soak');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${date}.md`), `# Soak, ${date}

Host with ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}); forks: ${wish.forks} for ${wish.minutes} minutes, seed ${wish.seed}. Seconds.

| part | what | times | failed | median | 95 % | 99 % | slowest |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
${failed.length === 0 ? '' : `\nFailed:\n\n${failed.map((each) => `- ${each.split('\n').slice(0, 2).join(' ')}`).join('\n')}\n`}`);
}

function readWish(args: readonly string[]): { cycles: number; reconnects: number; forks: number; minutes: number; seed: number; progress: string | undefined } {
  const said = new Map(args.map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]));
  const known = { cycles: 100, reconnects: 1000, forks: 20, minutes: 60, seed: 1 };
  const strange = [...said.keys()].filter((key) => key !== 'progress' && !Object.hasOwn(known, key));
  if (strange.length > 0) throw new Error(`no such part: ${strange.join(', ')}`);
  const number = (key: keyof typeof known): number => Number(said.get(key) ?? known[key]);
  return { cycles: number('cycles'), reconnects: number('reconnects'), forks: number('forks'), minutes: number('minutes'), seed: number('seed'), progress: said.get('progress') };
}
