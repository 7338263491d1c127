/**
 * npm run arm64: before a release, an arm64 guest is seen to boot: its image is built (emulated where this machine is none),
 * launched, and asked what it is. Prints what each step took. Too long for CI.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { openTestHome } from '../test/real/home.ts';

const kept = process.env['HOLDFAST_TEST_CACHE'];
const directory = kept ?? await mkdtemp('/var/tmp/hf-arm64-');
const NAME = 'arm-release';
const home = openTestHome(directory);
let failed = 0;
try {
  const say = (text: string): void => void process.stdout.write(text);
  const timed = async (what: string, args: readonly string[], minutes: number): Promise<string> => {
    const { stdout, seconds } = await home.must(args, { timeoutMs: minutes * 60_000, onOutput: say });
    say(`${what}: ${seconds.toFixed(0)} s\n`);
    return stdout;
  };
  await timed('image', ['image', 'build', 'debian', '--arch', 'arm64'], 120);
  await timed('launch', ['launch', 'debian', '--arch', 'arm64', '--name', NAME], 60);
  const machine = (await timed('exec', ['exec', NAME, '--', 'uname', '-m'], 5)).trim();
  await timed('network', ['exec', NAME, '--', 'ip', '-brief', 'address'], 5);
  await timed('restart', ['restart', NAME], 60);
  if (machine !== 'aarch64') throw new Error(`the guest says that it is ${machine}`);
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
