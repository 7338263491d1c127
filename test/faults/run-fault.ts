/** Makes one fault in a real guest and watches, from the outside, what control does. */
import type { Outcome, TestHome } from '../real/home.ts';
import { HomeEnded, isInterrupted, waitFor, waitGently } from '../real/home.ts';
import { requireWithin } from './limits.ts';
import type { Fault } from './table.ts';

export interface Watched {
  readonly fault: string;
  /** From the fault to an exec that has succeeded. */
  readonly firstExecSeconds: number;
  /** One that is begun 10 s after the fault; when what is watched ends earlier, at its end. */
  readonly laterExecSeconds: number;
  /** The slowest `list` while it was watched, whole process. */
  readonly slowestListSeconds: number;
  /** The slowest `exec` in the other instance. */
  readonly slowestOtherSeconds: number;
  readonly noticedSeconds: number;
  readonly execs: number;
}

export interface Watch {
  readonly home: TestHome;
  readonly instance: string;
  readonly other: string;
  /** How long it is watched: 12 s, so that the later exec is in it; 0 is one look. */
  readonly watchSeconds: number;
}

const LATER_MS = 10_000;

/** @throws what did not hold */
export async function runFault(fault: Fault, { home, instance, other, watchSeconds }: Watch): Promise<Watched> {
  const madeFrom = performance.now();
  requireMade(fault, await asRoot(home, instance, fault.make));
  const madeAt = performance.now();
  const first = await execTrue(home, instance);
  const firstExecSeconds = (performance.now() - madeAt) / 1000;
  const noticedSeconds = await waitFor(`info to call ${instance}'s network ${fault.network}`, async () => (await home.info(instance)).network === fault.network, 20_000);

  const lists: number[] = [];
  const others: number[] = [];
  let later: Outcome | undefined;
  let execs = 1;
  do {
    lists.push((await home.must(['list'])).seconds);
    others.push((await execTrue(home, other)).seconds);
    const isLate = performance.now() - madeAt >= LATER_MS;
    const outcome = await execTrue(home, instance);
    execs += 1;
    if (isLate) later ??= outcome;
  } while (performance.now() - madeAt < watchSeconds * 1000);
  later ??= await execTrue(home, instance);
  const { hold, hold_reason: why } = await home.info(instance);
  if (hold !== 'held') throw new Error(`${fault.name}: the hold is ${hold} (${why ?? 'no reason'}), not held`);
  const [slowestListSeconds, slowestOtherSeconds, laterExecSeconds] = [Math.max(...lists), Math.max(...others), later.seconds];
  requireWithin(fault.name, { 'first exec': firstExecSeconds, 'later exec': laterExecSeconds, 'exec in another instance': slowestOtherSeconds, list: slowestListSeconds },
    ` (making it took ${((madeAt - madeFrom) / 1000).toFixed(1)} s; the first exec said: ${first.stderr})`);
  return { fault: fault.name, firstExecSeconds, laterExecSeconds, noticedSeconds, execs, slowestListSeconds, slowestOtherSeconds };
}

/** What `exec` ends with when the instance was not reached, or not to the end; above 128, a signal ended the command. */
const [NOT_REACHED, SIGNALLED] = [255, 128];

/** @throws when nothing was broken: the script failed, or did not come to its end and was not to be cut off */
function requireMade({ name, cutsOff }: Fault, { code, stdout, stderr }: Outcome): void {
  if (code === 0 || (cutsOff && (code === NOT_REACHED || code > SIGNALLED))) return;
  throw new Error(`${name} could not be made: its script ended with ${code}: ${stdout}${stderr}`);
}

/**
 * Mends it, and waits until the network is as it was: the next fault begins from a sound guest. Where the guest's own networkd does
 * not come to it (252 may have a lease and give no address), by what its user is told to do then, and says so.
 */
export async function mend(fault: Pick<Fault, 'name' | 'mend'>, { home, instance }: Pick<Watch, 'home' | 'instance'>): Promise<void> {
  const outcome = await asRoot(home, instance, fault.mend);
  if (outcome.code !== 0) throw new Error(`${fault.name} could not be mended: ${outcome.stdout}${outcome.stderr}`);
  const isOk = async (): Promise<boolean> => (await home.info(instance)).network === 'ok';
  try {
    await waitFor(`${instance}'s network to be ok again after: ${fault.name}`, isOk, 60_000);
  } catch (error) {
    if (error instanceof HomeEnded || isInterrupted()) throw error;
    await home.must(['net', 'repair', instance], { timeoutMs: 300_000 });
    await waitFor(`${instance}'s network to be ok again after: ${fault.name}, and net repair`, isOk, 30_000);
    process.stdout.write(`${instance}'s network was not ok within a minute after: ${fault.name}; net repair mended it\n`);
  }
}

/**
 * Whatever comes of the check, it is mended after it: what follows begins from a sound guest.
 * @throws what the check failed with; it, and why it could not be mended, where both are so
 */
export async function andMended<T>(mendIt: () => Promise<unknown>, check: () => Promise<T>): Promise<T> {
  let checked: T;
  try {
    checked = await check();
  } catch (error) {
    if (error instanceof HomeEnded || isInterrupted()) throw error;
    const unmended = await mendIt().then(() => '', String);
    throw unmended === '' ? error : new Error(`${String(error)}\nand afterwards: ${unmended}`, { cause: error });
  }
  await mendIt();
  return checked;
}

export async function asRoot(home: TestHome, instance: string, script: string): Promise<Outcome> {
  return await home.run(['exec', instance, '--', 'sudo', 'sh', '-c', script], { timeoutMs: 120_000 });
}

export async function execTrue(home: TestHome, instance: string): Promise<Outcome> {
  return await home.must(['exec', instance, '--', 'true'], { timeoutMs: 60_000 });
}

/** A daemon that has just begun, or a guest that has, finds its ways first: what is measured begins after that. */
export async function ready(home: TestHome, instance: string): Promise<void> {
  await waitGently(`${instance} to be ready`, async () => (await home.run(['exec', instance, '--', 'true'])).code === 0, 180_000);
  // A guest takes commands before it has a card: what is broken of its network has to be there first.
  await waitGently(`${instance}'s network to be ok`, async () => (await home.info(instance)).network === 'ok', 180_000);
}
