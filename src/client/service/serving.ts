/** Who serves a home now, or is about to, and waiting until somebody else does. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HomeLayout } from '../../core/home.ts';
import { fail } from '../../core/errors.ts';
import { UNIT } from '../../core/service/unit.ts';
import { listens } from '../autostart.ts';
import { createClient, type Answer, type Client } from '../client.ts';
import { tool, unitState, type Manager } from './systemd.ts';

const ANSWER_MS = 10_000;
const LEAVE_MS = 20_000;
/** Taking over the machines comes before serving, and an emulated guest needs a minute for it. A unit that failed is not waited for. */
const SERVE_MS = 120_000;
const POLL_MS = 100;
/** Asking systemd is a program of its own, and takes from the daemon's time. */
const UNIT_POLL_MS = 1_000;

export function clientOf({ run }: HomeLayout): Client {
  return createClient(run.socket, () => Promise.resolve());
}

/** @returns undefined when no daemon listens */
export async function servedBy(layout: HomeLayout, signal?: AbortSignal): Promise<Answer<'version'> | undefined> {
  if (!(await listens(layout.run.socket))) return undefined;
  return await clientOf(layout).call('version', {}, { signal, deadlineMs: ANSWER_MS }).catch(() => undefined);
}

/** @returns pid of the daemon that has the home, also while it does not listen yet; undefined when there is none */
export function holderOf({ data }: Pick<HomeLayout, 'data'>): number | undefined {
  try {
    const pid = Number(readFileSync(data.pidFile, 'utf8'));
    const lock = realpathSync(data.lock);
    const descriptors = `/proc/${pid}/fd`;
    // One that was killed leaves the file, and its number may be anybody's by now.
    return readdirSync(descriptors).some((fd) => targetOf(`${descriptors}/${fd}`) === lock) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** Ends a daemon that no service keeps. It may be killed at any time, so one that does not go is. */
export async function dismiss(pid: number, signal: AbortSignal): Promise<void> {
  for (const word of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isThere(pid, word)) return;
    for (const until = Date.now() + LEAVE_MS; Date.now() < until; await sleep(POLL_MS, undefined, { signal })) {
      if (!isThere(pid, 0)) return;
    }
  }
  throw fail('daemon-failed', `the daemon that was started by hand (pid ${pid}) does not end`);
}

function isThere(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** @returns the service's pid  @throws daemon-failed with its last words */
export async function untilServed(manager: Manager, layout: HomeLayout, signal: AbortSignal): Promise<number> {
  for (const until = Date.now() + SERVE_MS; Date.now() < until;) {
    const state = await unitState(manager, signal);
    if (state.active === 'failed') break;
    if (state.active === 'active' && (await servedBy(layout, signal))?.pid === state.pid) return state.pid;
    for (const next = Date.now() + UNIT_POLL_MS; Date.now() < next; await sleep(POLL_MS, undefined, { signal })) {
      if (await listens(layout.run.socket)) break;
    }
  }
  const journal = [...(manager.scope === 'user' ? ['--user'] : []), '-u', UNIT];
  const said = (await tool('journalctl', [...journal, '-n', '20', '-o', 'cat', '--no-pager'], signal).catch(() => '')).split('\n').map((line) => line.trim()).findLast((line) => line !== '' && !/^(?:Started|Stopped|Stopping|Starting|holdfast\.service|.*systemd)/.test(line));
  throw fail('daemon-failed', `the service was started, but does not serve ${layout.run.socket}${said === undefined ? '' : `: ${said.slice(0, 300)}`}`, { hint: `its journal: journalctl ${journal.join(' ')}` });
}
