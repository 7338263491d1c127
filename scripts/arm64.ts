/**
 * npm run arm64: before a release, an arm64 guest is seen to boot: its image is built (emulated where this machine is none),
 * launched, held by its lane, has its address, and comes back from a restart. Prints what each step took. Too long for CI.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { openTestHome, waitFor, type Outcome } from '../test/real/home.ts';

const kept = process.env['HOLDFAST_TEST_CACHE'];
const directory = kept ?? await mkdtemp('/var/tmp/hf-arm64-');
const NAME = 'arm-release';
const home = openTestHome(directory);
let failed = 0;
try {
  const say = (text: string): void => void process.stdout.write(text);
  const timed = async (what: string, args: readonly string[], minutes: number): Promise<Outcome> => {
    const outcome = await home.must(args, { timeoutMs: minutes * 60_000, onOutput: say });
    say(`${what}: ${outcome.seconds.toFixed(0)} s\n`);
    return outcome;
  };
  const asked = async (what: string, ...command: string[]): Promise<string> => (await timed(what, ['exec', NAME, '--', ...command], 5)).stdout.trim();
  await timed('image', ['image', 'build', 'debian', '--arch', 'arm64'], 120);
  await timed('launch', ['launch', 'debian', '--arch', 'arm64', '--name', NAME], 60);
  equal('the guest\'s machine', await asked('exec', 'uname', '-m'), 'aarch64');
  equal('what carries a command', (await timed('exec -v', ['exec', '-v', NAME, '--', 'true'], 5)).stderr.trim(), 'carried by: lane');
  await waitFor('its address', async () => (await home.info(NAME)).network === 'ok', 300_000);
  const { hold, accelerator, ipv4: [address = 'none'] } = await home.info(NAME);
  equal('the hold', hold, 'held');
  if (process.arch !== 'arm64') equal('the accelerator', accelerator ?? 'none', 'tcg');
  const addresses = await asked('network', 'ip', '-brief', '-4', 'address', 'show', 'scope', 'global');
  if (!addresses.includes(` ${address}/`)) throw new Error(`the guest has not the address ${address} that is told of it: ${addresses}`);
  const boot = await asked('boot id', 'cat', '/proc/sys/kernel/random/boot_id');
  await timed('restart', ['restart', NAME], 60);
  if (await asked('exec after it', 'cat', '/proc/sys/kernel/random/boot_id') === boot) throw new Error('a restart is no new boot');
  await timed('stop', ['stop', NAME], 10);
  equal('its state in the end', (await home.info(NAME)).state, 'Stopped');
} catch (error) {
  failed = 1;
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n${(await home.run(['logs', NAME])).stdout}\n`);
} finally {
  await home.run(['delete', '--purge', NAME], { timeoutMs: 120_000 });
  await home.endDaemon();
  if (kept === undefined) await rm(directory, { recursive: true, force: true });
}
process.stdout.write(`${1 - failed} passed, ${failed} failed\n`);
process.exit(failed);

function equal(what: string, seen: string, due: string): void {
  if (seen !== due) throw new Error(`${what}: ${JSON.stringify(seen)}, and should be ${JSON.stringify(due)}`);
}
