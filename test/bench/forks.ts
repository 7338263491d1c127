/** Launch by forking, against a boot of the same image; what its parts take; what forks cost in memory. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '../../src/client/client.ts';
import type { TestHome } from '../real/home.ts';
import { waitFor } from '../real/home.ts';
import { bootByHand } from './by-hand.ts';
import { median, timed, type Row } from './row.ts';

const WARM_RUNS = 7;
const AT_ONCE = 10;
const IDLE_MS = 30_000;

export async function benchForks(home: TestHome, tell: (row: Row) => void): Promise<string[]> {
  const cold = await coldAndTemplate(home, tell);
  await translationBuffers(home, tell);
  const warm: number[] = [];
  const firstExec: number[] = [];
  const address: number[] = [];
  for (let run = 0; run < WARM_RUNS; run += 1) {
    const name = `warm-${run}`;
    const began = performance.now();
    warm.push((await home.must(['launch', '--name', name])).seconds);
    await home.must(['exec', name, '--', 'true']);
    firstExec.push((performance.now() - began) / 1000);
    await home.must(['delete', '--purge', name]);
  }
  for (let run = 0; run < 3; run += 1) {
    await home.must(['launch', '--name', 'addressed']);
    const client = clientOf(home);
    const shown = async () => (await client.call('listInstances', {})).instances.find(({ name }) => name === 'addressed')?.ipv4.length;
    address.push(await waitFor('its address', async () => (await shown() ?? 0) > 0, 20_000));
    await home.must(['delete', '--purge', 'addressed']);
  }
  tell({ what: 'warm launch', figures: warm, unit: 's', note: `a cold one takes ${(cold / median(warm)).toFixed(1)} times as long` });
  tell({ what: 'warm launch to the end of a first exec', figures: firstExec, unit: 's', note: '' });
  tell({ what: 'address shown, after a warm launch', figures: address, unit: 's', note: 'asked for every 50 ms over the API; nothing else runs in it' });
  await suspendAndResume(home, tell);
  const breakdown = await parts(home);
  await tenAtOnce(home, tell);
  return breakdown;
}

async function coldAndTemplate(home: TestHome, tell: (row: Row) => void): Promise<number> {
  const { seconds: cold } = await home.must(['launch', '--cold', '--name', 'cold'], { timeoutMs: 900_000 });
  const { accelerator } = await home.info('cold');
  const byHand = await bootByHand(home, accelerator ?? 'tcg');
  tell({ what: 'boot by hand, to cloud-init\'s end', figures: [byHand], unit: 's', note: 'QEMU, the same image, a plain seed: the peer of the next line' });
  tell({ what: 'cold launch', figures: [cold], unit: 's', note: `${(cold / byHand).toFixed(2)} times its peer; accelerator ${accelerator ?? 'unknown'}` });
  const stages: { stage: string; at: number }[] = [];
  const client = clientOf(home);
  const built = await client.call('buildTemplate', { body: {} });
  const began = performance.now();
  await client.follow(built.id, ({ stage }) => { if (stages.at(-1)?.stage !== stage) stages.push({ stage, at: performance.now() }); });
  const ended = performance.now();
  const frozen = stages.find(({ stage }) => stage === 'Making the template')?.at ?? Number.NaN;
  tell({ what: 'template build', figures: [(ended - began) / 1000], unit: 's', note: 'the boot included' });
  tell({ what: 'making the template, beyond its boot', figures: [(ended - frozen) / 1000], unit: 's', note: '' });
  return cold;
}

/** A few programs after one another, of several languages: more code than a small buffer holds for long. */
const MIX = ['sh', '-c', 'for i in 1 2 3; do ls -lR /etc >/dev/null; dpkg -l >/dev/null; perl -e 1; python3 -c "import json, subprocess, email"; awk BEGIN{} </dev/null; done'];
const EXEC_RUNS = 9;

/** What a fork's bounded buffer for translated code costs, against the machine that was booted, which has a larger one. In turns. */
async function translationBuffers(home: TestHome, tell: (row: Row) => void): Promise<void> {
  await home.must(['launch', '--name', 'small']);
  for (const name of ['cold', 'small']) await waitFor(`${name}'s address`, async () => (await home.info(name)).network === 'ok', 300_000);
  for (const [what, command] of [['exec of true', ['true']], ['exec of a mix of programs', MIX]] as const) {
    const figures: Record<'cold' | 'small', number[]> = { cold: [], small: [] };
    for (let run = 0; run < EXEC_RUNS; run += 1) {
      for (const name of ['cold', 'small'] as const) figures[name].push((await home.must(['exec', name, '--', ...command])).seconds);
    }
    tell({ what: `${what}, booted machine`, figures: figures.cold, unit: 's', note: 'emulated: translation buffer of 128 MiB' });
    tell({ what: `${what}, fork`, figures: figures.small, unit: 's', note: `32 MiB: ${(median(figures.small) / median(figures.cold)).toFixed(2)} times the time` });
  }
  await home.must(['delete', '--purge', 'cold', 'small']);
}

function clientOf(home: TestHome) {
  return createClient(join(home.directory, 'run/holdfastd.sock'), () => Promise.reject(new Error('the daemon is gone')));
}

/** By the daemon's own word for what it is at, over its events. */
async function parts(home: TestHome): Promise<string[]> {
  const client = clientOf(home);
  const seen = new Map<string, number[]>();
  for (let run = 0; run < 5; run += 1) {
    const stages: { stage: string; at: number }[] = [{ stage: 'begun', at: performance.now() }];
    const { id } = await client.call('launch', { body: { name: 'parts' } });
    await client.follow(id, ({ stage }) => { if (stage !== '' && stages.at(-1)?.stage !== stage) stages.push({ stage, at: performance.now() }); });
    stages.push({ stage: 'ended', at: performance.now() });
    for (const [index, { stage, at }] of stages.slice(0, -1).entries()) {
      const took = ((stages[index + 1]?.at ?? at) - at) / 1000;
      seen.set(stage, [...seen.get(stage) ?? [], took]);
    }
    await home.must(['delete', '--purge', 'parts']);
  }
  return ['| part of a warm launch, by the daemon\'s stages | median seconds |', '|---|---|', ...[...seen].map(([stage, took]) => `| ${stage} | ${median(took).toFixed(3)} |`)];
}

async function suspendAndResume(home: TestHome, tell: (row: Row) => void): Promise<void> {
  await home.must(['launch', '--name', 'sleeper']);
  await home.must(['exec', 'sleeper', '--', 'true']);
  const [saved, resumed, firstExec]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < 5; run += 1) {
    saved.push((await home.must(['suspend', 'sleeper'])).seconds);
    const began = performance.now();
    resumed.push((await home.must(['start', 'sleeper'])).seconds);
    await home.must(['exec', 'sleeper', '--', 'true']);
    firstExec.push((performance.now() - began) / 1000);
  }
  await home.must(['delete', '--purge', 'sleeper']);
  tell({ what: 'suspend', figures: saved, unit: 's', note: '' });
  tell({ what: 'start of a suspended instance', figures: resumed, unit: 's', note: '' });
  tell({ what: 'the same to the end of a first exec', figures: firstExec, unit: 's', note: '' });
}

async function tenAtOnce(home: TestHome, tell: (row: Row) => void): Promise<void> {
  const names = Array.from({ length: AT_ONCE }, (_, index) => `ten-${index}`);
  const seconds = await timed(() => Promise.all(names.map(async (name) => {
    await home.must(['launch', '--name', name], { timeoutMs: 300_000 });
    await home.must(['exec', name, '--', 'true'], { timeoutMs: 120_000 });
  })));
  tell({ what: `${AT_ONCE} warm launches at once, to a first exec in each`, figures: [seconds], unit: 's', note: '' });
  // Idle: with card, services and control lane, and nothing asked of it since.
  for (const name of names) await waitFor(`${name}'s address`, async () => (await home.info(name)).network === 'ok', 300_000);
  await new Promise((resolve) => { setTimeout(resolve, IDLE_MS); });
  const memory = await Promise.all(names.map(async (name) => await privateMegabytes(await home.qemuPid(name))));
  const note = `private dirty, ${AT_ONCE} forks of a 1 GiB template`;
  tell({ what: 'memory of an idle fork', figures: memory.map(({ all }) => all), unit: 'MB', note });
  tell({ what: 'of it, pages of the guest\'s that it has written to', figures: memory.map(({ guest }) => guest), unit: 'MB', note: 'the rest is the hypervisor\'s own' });
  await home.must(['delete', '--purge', '--all'], { timeoutMs: 120_000 });
}

/**
 * Of 10^6 bytes. Pages of the template that a fork has only read count as dirty where it is the only one to have mapped
 * them (a memfd's pages always are): what it has written to is anonymous.
 */
async function privateMegabytes(pid: number | undefined): Promise<{ all: number; guest: number }> {
  const mappings = (await readFile(`/proc/${pid ?? 0}/smaps`, 'utf8')).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const sum = (field: string, texts: readonly string[]): number =>
    texts.reduce((total, text) => total + Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024 / 1e6, 0);
  const isTemplate = (text: string): boolean => /^\S+ rw-p .*(?:memfd:holdfast-template|\/templates\/[0-9a-f]{16}\/ram)/.test(text);
  const guest = sum('Anonymous', mappings.filter(isTemplate));
  return { all: guest + sum('Private_Dirty', mappings.filter((text) => !isTemplate(text))), guest };
}
