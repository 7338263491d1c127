/** What befalls the host, or the daemon on it, as data: each makes its fault, checks what is promised, and mends it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fill } from '../fill.ts';
import { type TestHome, waitFor } from '../real/home.ts';
import { onSmallDisk } from '../real/small-disk.ts';
import { requireWithin } from './limits.ts';
import { andMended, asRoot, execTrue, ready } from './run-fault.ts';
import { NIC } from './table.ts';

export interface HostWatch {
  readonly home: TestHome;
  readonly instance: string;
  /** How long a daemon is away. */
  readonly awaySeconds: number;
}

export interface HostFault {
  readonly name: string;
  /** @returns what was measured, in words and figures  @throws what did not hold */
  readonly run: (watch: HostWatch) => Promise<string>;
}

export const HOST_FAULTS: readonly HostFault[] = [
  { name: 'the clock jumps by an hour, and back', run: clockJumps },
  { name: 'the daemon stands still while the guest changes its address', run: daemonStands },
  { name: 'the daemon is dead while the guest changes its address', run: daemonDead },
  { name: 'the disk is full', run: diskFull },
];

const run = promisify(execFile);
const HOUR_MS = 3_600_000;
const NEW_ADDRESS = '172.30.9.44';

/** Only the daemon sees another time: Debian's libfaketime, with an offset that is read again every second. */
async function clockJumps({ home, instance }: HostWatch): Promise<string> {
  const directory = await mkdtemp('/var/tmp/hf-clock-');
  const offset = join(directory, 'offset');
  try {
    const { stdout } = await run('dpkg', ['-L', 'libfaketime']);
    const library = stdout.split('\n').find((path) => path.endsWith('/libfaketimeMT.so.1'));
    if (library === undefined) throw new Error('libfaketime has no libfaketimeMT.so.1');
    await writeFile(offset, '+0\n');
    await home.endDaemon();
    await home.must(['list'], { env: { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: offset, FAKETIME_CACHE_DURATION: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' } });
    await ready(home, instance);
    const said = await logLines(home);
    const figures: string[] = [];
    for (const [word, aheadMs] of [['+3600', HOUR_MS], ['+0', 0]] as const) {
      await writeFile(offset, `${word}\n`);
      const seconds = await waitFor(`${instance}'s clock to follow`, async () => await clockError(home, instance, aheadMs) < 1_000, 30_000);
      const exec = await execTrue(home, instance);
      figures.push(`followed after ${seconds.toFixed(1)} s, exec ${exec.seconds.toFixed(2)} s`);
    }
    const { hold } = await home.info(instance);
    if (hold !== 'held') throw new Error(`the hold is ${hold}`);
    const news = (await logLines(home)).slice(said.length);
    const strange = news.filter((line) => !/the host's clock jumped by -?3600 s/.test(line));
    // Of the way back a line may still be to come.
    if (news.length < 1 || news.length > 2 || strange.length > 0) throw new Error(`a line for each jump, and no other, was to be in the log: ${news.join('\n')}`);
    return figures.join('; back: ');
  } finally {
    await home.endDaemon();
    await rm(directory, { recursive: true });
  }
}

/** @returns by how much its clock is certainly wrong, in milliseconds: it was read at some time between two looks at ours */
async function clockError(home: TestHome, instance: string, aheadMs: number): Promise<number> {
  const before = Date.now() + aheadMs;
  const guest = Number((await home.must(['exec', instance, '--', 'date', '+%s%3N'])).stdout);
  const after = Date.now() + aheadMs;
  return Math.max(0, before - guest, guest - after);
}

async function daemonStands(watch: HostWatch): Promise<string> {
  const { home, instance, awaySeconds } = watch;
  // Whatever was before may have ended it.
  await home.must(['list']);
  const pid = await home.daemonPid();
  if (pid === undefined) throw new Error('there is no daemon');
  await ready(home, instance);
  const said = await logLines(home);
  const begun = Promise.withResolvers<void>();
  const command = home.run(['exec', instance, '--', 'sh', '-c', `echo begun; sleep ${awaySeconds + 5}; echo ended`], {
    onOutput: (text) => { if (text.includes('begun')) begun.resolve(); }, timeoutMs: (awaySeconds + 120) * 1000,
  });
  await Promise.race([begun.promise, command]);
  return await andMended(() => backToDhcp(watch), async () => {
    await changeAddressSoon(watch);
    process.kill(pid, 'SIGSTOP');
    try {
      await sleep(awaySeconds * 1000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const figures = await afterwards(watch);
    const { code, stdout } = await command;
    if (code !== 0 || stdout !== 'begun\nended\n') throw new Error(`a command that ran meanwhile ended with ${code}: ${stdout}`);
    const news = (await logLines(home)).slice(said.length).filter((line) => !line.includes('network was changed'));
    if (news.length > 0) throw new Error(`the log tells of what was none: ${news.join('\n')}`);
    return `away ${awaySeconds} s; ${figures}; a command that ran meanwhile ended well`;
  });
}

async function daemonDead(watch: HostWatch): Promise<string> {
  const { home, instance, awaySeconds } = watch;
  await ready(home, instance);
  return await andMended(() => backToDhcp(watch), async () => {
    await changeAddressSoon(watch);
    await home.killDaemon();
    await sleep(awaySeconds * 1000);
    return `away ${awaySeconds} s; ${await afterwards(watch)}`;
  });
}

/** After the daemon is gone, and well before it is back. */
async function changeAddressSoon({ home, instance }: HostWatch): Promise<void> {
  await home.must(['exec', instance, '--', 'sudo', 'systemd-run', '--quiet', '--on-active=3', '--timer-property=AccuracySec=100ms', 'sh', '-c',
    `ip addr flush dev ${NIC} scope global; ip addr add ${NEW_ADDRESS}/24 dev ${NIC}`]);
}

async function afterwards({ home, instance }: HostWatch): Promise<string> {
  const { seconds: exec } = await execTrue(home, instance);
  requireWithin('after it', { 'first exec': exec });
  const noticed = await waitFor(`info to tell ${instance}'s new address`, async () => {
    const { network, ipv4 } = await home.info(instance);
    return network === 'changed' && ipv4.includes(NEW_ADDRESS);
  }, 20_000);
  const listed = await home.must(['list']);
  if (!listed.stdout.includes(NEW_ADDRESS)) throw new Error(`list does not tell the new address: ${listed.stdout}`);
  requireWithin('after it', { list: listed.seconds });
  const { hold } = await home.info(instance);
  if (hold !== 'held') throw new Error(`the hold is ${hold}`);
  return `exec ${exec.toFixed(2)} s, new address known ${noticed.toFixed(2)} s later, list ${listed.seconds.toFixed(2)} s`;
}

async function backToDhcp({ home, instance }: HostWatch): Promise<void> {
  const mended = await asRoot(home, instance, `ip addr flush dev ${NIC} scope global; networkctl reconfigure ${NIC}`);
  if (mended.code !== 0) throw new Error(`it could not be mended: ${mended.stderr}`);
  await waitFor(`${instance}'s network to be ok again`, async () => (await home.info(instance)).network === 'ok', 60_000);
}

/** In a home of its own, on a file system of its own. */
async function diskFull({ home }: HostWatch): Promise<string> {
  let figures = '';
  await onSmallDisk('1500M', { imagesFrom: join(home.directory, 'images'), templatesFrom: join(home.directory, 'templates') }, async (small) => {
    await small.must(['launch', '--name', 'fuller'], { timeoutMs: 500_000 });
    await waitFor('it to have all that a fork is to have', async () => (await small.info('fuller')).network === 'ok', 180_000);
    await ready(small, 'fuller');
    const daemon = await small.daemonPid();
    const filler = await fill(small.directory);
    let said = '';
    const writing = small.run(['exec', 'fuller', '--', 'sh', '-c', 'echo begun; head -c 64M /dev/urandom | tee big | sha256sum; sync; echo synced'], {
      timeoutMs: 300_000, onOutput: (text) => { said += text; },
    });
    const paused = await waitFor('info to say why it is paused', async () => (await small.info('fuller')).reason?.includes('its disk cannot grow, the host\'s is full') === true, 120_000);
    const refused = await small.run(['launch', '--name', 'second']);
    if (refused.code !== 2 || !/free some/.test(refused.stderr)) throw new Error(`launch ended with ${refused.code}: ${refused.stderr}`);
    const exec = await small.run(['exec', 'fuller', '--', 'true'], { timeoutMs: 60_000 });
    if (exec.code === 0 || !exec.stderr.includes('it goes on by itself')) throw new Error(`exec ended with ${exec.code}: ${exec.stderr}`);
    const list = await small.must(['list']);
    if (!/^fuller +Running/m.test(list.stdout) || list.stdout.includes('second')) throw new Error(`list tells: ${list.stdout}`);
    if ((await small.daemonPid()) !== daemon) throw new Error('the daemon did not survive');
    if (said.includes('synced')) throw new Error('the guest wrote what no disk could take');
    await rm(filler);
    const goesOn = await waitFor('it to go on by itself', async () => (await small.info('fuller')).reason === null, 30_000);
    const { code, stdout, stderr } = await writing;
    if (code !== 0 || !stdout.includes('synced')) throw new Error(`what was being written ended with ${code}: ${stdout}${stderr}`);
    const now = await small.must(['exec', 'fuller', '--', 'sudo', 'sh', '-c', 'echo 3 > /proc/sys/vm/drop_caches; sha256sum < big'], { timeoutMs: 60_000 });
    if (!stdout.includes(now.stdout.trim())) throw new Error('what was written is not what is there');
    await small.must(['launch', '--name', 'third'], { timeoutMs: 500_000 });
    const bytes = (await stat(join(small.directory, 'daemon.log'))).size;
    if (bytes > 64 * 1024) throw new Error(`the log has ${bytes} bytes`);
    if ((await readdir(join(small.directory, 'templates'))).length === 0) throw new Error('the template was lost');
    figures = `paused and said so after ${paused.toFixed(1)} s; a launch refused in ${refused.seconds.toFixed(1)} s; list ${list.seconds.toFixed(2)} s; went on ${goesOn.toFixed(1)} s after there was space; nothing lost`;
  });
  return figures;
}

async function logLines(home: TestHome): Promise<string[]> {
  return (await home.must(['logs'])).stdout.split('\n').filter((line) => line !== '');
}
