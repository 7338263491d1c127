/** What twenty idle forks cost: the daemon that holds them, and what is Holdfast's in each guest. */
import { readFile } from 'node:fs/promises';
import type { TestHome } from '../real/home.ts';
import { waitFor } from '../real/home.ts';
import type { Row } from './row.ts';

const FORKS = 20;
const LOOKED_AT = 3;
const SETTLE_MS = 60_000;
const WATCH_MS = 60_000;
/** Of the daemon's clock ticks: USER_HZ, which Linux fixes for user space (proc(5)). */
const TICKS_PER_SECOND = 100;
/** Seconds of processor time that Holdfast's own programs have used in the guest so far. */
const GUEST_TIME = String.raw`for p in /proc/[0-9]*; do tr '\0' ' ' <$p/cmdline 2>/dev/null | grep -Eq 'holdfast/(doorman|report)\.py' && cut -d' ' -f14,15 $p/stat; done | awk '{ sum += $1 + $2 } END { print sum / 100 }'`;

export async function benchIdle(home: TestHome, tell: (row: Row) => void): Promise<void> {
  const names = Array.from({ length: FORKS }, (_, index) => `idle-${index}`);
  for (const name of names) await home.must(['launch', '--name', name], { timeoutMs: 300_000 });
  for (const name of names) await waitFor(`${name}'s address`, async () => (await home.info(name)).network === 'ok', 120_000);
  const looked = names.slice(0, LOOKED_AT);
  await pause(SETTLE_MS);
  const guestTimes = async (): Promise<number[]> => {
    const times: number[] = [];
    for (const name of looked) times.push(Number((await home.must(['exec', name, '--', 'sudo', 'sh', '-c', GUEST_TIME], { timeoutMs: 60_000 })).stdout));
    return times;
  };
  const before = await guestTimes();
  await pause(SETTLE_MS);
  const pid = await home.daemonPid() ?? 0;
  const [began, used] = [performance.now(), await daemonSeconds(pid)];
  await pause(WATCH_MS);
  const seconds = (performance.now() - began) / 1000;
  const percent = (await daemonSeconds(pid) - used) / seconds * 100;
  const after = await guestTimes();
  const guestSeconds = SETTLE_MS / 1000 + seconds;
  tell({ what: `daemon with ${FORKS} idle forks, of one processor`, figures: [percent], unit: '%', note: `over ${WATCH_MS / 1000} s` });
  tell({ what: 'its resident memory', figures: [await residentMegabytes(pid)], unit: 'MB', note: '' });
  tell({ what: 'doorman and reporter in an idle guest, of its processor', figures: after.map((time, index) => (time - (before[index] ?? 0)) / guestSeconds * 100), unit: '%', note: 'the exec that asks included' });
  await home.must(['delete', '--purge', '--all'], { timeoutMs: 300_000 });
}

async function daemonSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function residentMegabytes(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024 / 1e6;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
