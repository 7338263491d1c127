/** A guest whose root has turned against its host: what it costs the daemon and the other instances, from the outside. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestHome, waitFor } from '../real/home.ts';

export interface Flood {
  readonly name: string;
  /** Shell commands, as root in the guest. They are run by a unit of their own, since the lanes that carry them end. */
  readonly begin: string;
  readonly end: string;
  /** The hold while it lasts; undefined where the lanes go on. */
  readonly loses: boolean;
}

const PROGRAM = '/run/flood.py';
const REPORTER = '/usr/lib/holdfast/report.py';
/** Without it the program is started, which is then another one. */
const DOOR = '/run/holdfast/report.sock';

const inTheDoormansPlace = (kind: string): Flood => ({
  name: `every lane: ${kind}`,
  begin: `systemctl stop holdfast-doorman holdfast-rescue; systemd-run --unit=flood python3 ${PROGRAM} ${kind}`,
  end: 'systemctl stop flood; systemctl start holdfast-doorman holdfast-rescue',
  loses: true,
});

const asTheReporter = (what: string, script: string): Flood => ({
  name: `the reporter: ${what}`,
  begin: `cp ${REPORTER} /run/report.py; cat > ${REPORTER} <<'EOF'\n${script}\nEOF\nrm -f ${DOOR}; pkill -x hf-report`,
  end: `cp /run/report.py ${REPORTER}; pkill -f ${REPORTER}; systemctl restart holdfast-doorman`,
  loses: false,
});

export const FLOODS: readonly Flood[] = [
  ...['random', 'lines', 'banners', 'doorman', 'endless', 'reports'].map(inTheDoormansPlace),
  { ...inTheDoormansPlace('everything'), name: 'every lane, the console and the rescue line' },
  {
    name: 'the console and the rescue line',
    begin: `systemctl stop holdfast-rescue; systemd-run --unit=flood python3 ${PROGRAM} console`,
    end: 'systemctl stop flood; systemctl start holdfast-rescue',
    loses: false,
  },
  asTheReporter('reports at full speed', 'import os, runpy\nflood = runpy.run_path("/run/flood.py", run_name="library")\nwhile True: os.write(1, flood["REPORT"] * 400)'),
  asTheReporter('addresses that change without end', 'import os, runpy\nfor report in runpy.run_path("/run/flood.py", run_name="library")["addresses"](): os.write(1, report)'),
  asTheReporter('changes of netplan files without end', 'import os, runpy\nfor report in runpy.run_path("/run/flood.py", run_name="library")["changes"](): os.write(1, report)'),
  asTheReporter('a line without an end', 'import os\nwhile True: os.write(1, b"a" * 65536)'),
  asTheReporter('complaints without an end', 'import os\nwhile True: os.write(2, b"a" * 65536)'),
];

export interface Flooded {
  readonly flood: string;
  /** Of the daemon: resident megabytes before, and at most meanwhile; its share of one processor. */
  readonly residentBefore: number;
  readonly residentPeak: number;
  readonly cpu: number;
  /** Seconds of whole commands in the other instance: median before, median and slowest meanwhile; slowest list. */
  readonly execBefore: number;
  readonly execMedian: number;
  readonly execSlowest: number;
  readonly listSlowest: number;
  /** What info says of the flooding instance. */
  readonly said: string;
  readonly consoleBytes: number;
  readonly heldAgainSeconds: number;
}

export interface FloodWatch {
  readonly home: TestHome;
  readonly instance: string;
  readonly other: string;
  readonly watchSeconds: number;
}

/** Begins it, watches, ends it, and waits until the guest is held again. */
export async function runFlood(flood: Flood, watch: FloodWatch): Promise<Flooded> {
  const { home, instance, other, watchSeconds } = watch;
  await home.must(['exec', instance, '--', 'sudo', 'tee', PROGRAM], { input: await readFile(join(import.meta.dirname, 'flood-guest.py')) });
  const execBefore = median(await times(5, () => execSeconds(home, other)));
  const residentBefore = await resident(home);
  const consoleLog = await consoleOf(home, instance);
  const script = `(sleep 1; ${flood.begin}) ; sleep ${watchSeconds + 2}; ${flood.end}`;
  await home.must(['exec', instance, '--', 'sudo', 'systemd-run', '--unit=flooding', '--collect', 'sh', '-c', script]);
  await new Promise((resolve) => { setTimeout(resolve, 3_000); });

  const [cpuBefore, since] = [await cpuSeconds(home), performance.now()];
  let residentPeak = 0;
  let consoleBytes = 0;
  const execs: number[] = [];
  const lists: number[] = [];
  while (performance.now() - since < (watchSeconds - 2) * 1000) {
    execs.push(await execSeconds(home, other));
    lists.push((await home.must(['list'])).seconds);
    residentPeak = Math.max(residentPeak, await resident(home));
    consoleBytes = Math.max(consoleBytes, await bytesOf(consoleLog));
  }
  const cpu = (await cpuSeconds(home) - cpuBefore) / ((performance.now() - since) / 1000);
  const { hold, hold_reason: why } = await home.info(instance);
  const endAt = performance.now();
  await waitFor(`${instance} to be held again after: ${flood.name}`, async () => {
    const ended = (await home.run(['exec', instance, '--', 'systemctl', 'is-active', 'flooding'])).stdout.trim();
    return ended === 'inactive' && (await home.info(instance)).hold === 'held';
  }, 90_000);
  return {
    flood: flood.name, residentBefore, residentPeak, cpu, execBefore, execMedian: median(execs), execSlowest: Math.max(...execs), listSlowest: Math.max(...lists),
    said: why === null ? hold : `${hold}: ${why}`, consoleBytes, heldAgainSeconds: (performance.now() - endAt) / 1000,
  };
}

async function execSeconds(home: TestHome, instance: string): Promise<number> {
  return (await home.must(['exec', instance, '--', 'true'], { timeoutMs: 60_000 })).seconds;
}

async function resident(home: TestHome): Promise<number> {
  const status = await readFile(`/proc/${await pidOf(home)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1000;
}

async function cpuSeconds(home: TestHome): Promise<number> {
  const stat = await readFile(`/proc/${await pidOf(home)}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // proc(5): fields 14 and 15, in clock ticks, of which Linux has 100 a second.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function pidOf(home: TestHome): Promise<number> {
  const pid = await home.daemonPid();
  if (pid === undefined) throw new Error('the daemon is gone');
  return pid;
}

/** The files of its console's log: two, the older given up when the newer is full. */
async function consoleOf(home: TestHome, instance: string): Promise<string[]> {
  const qemu = await home.qemuPid(instance);
  for (const id of await readdir(join(home.directory, 'run'))) {
    const text = await readFile(join(home.directory, 'run', id, 'pid'), 'utf8').catch(() => '');
    if (text.trim() !== String(qemu)) continue;
    const log = join(home.directory, 'instances', id, 'console.log');
    return [log, `${log}.1`];
  }
  throw new Error(`${instance} does not run`);
}

async function bytesOf(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map((path) => stat(path).then(({ size }) => size, () => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function times<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < count; i += 1) results.push(await work());
  return results;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
