/** Sees to it that a daemon listens: connects, and starts one where none does. Any number of clients may do so at once. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, fstatSync, lstatSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, HoldfastError } from '../core/errors.ts';
import { requireShortSocketPaths, type HomeLayout } from '../core/home.ts';
import { DAEMON_OPTIONS, UNIT } from '../core/service/unit.ts';
import type { Endpoint } from './endpoint.ts';
import { cancelled, connectionError, wasReset } from './request.ts';
import { serviceOf } from './service/installed.ts';
import type { Manager } from './service/systemd.ts';

export interface Autostart {
  readonly layout: HomeLayout;
  /** The bundled daemon. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Called once, when it takes longer than a person would not notice. */
  readonly onSlow?: () => void;
  readonly deadlineMs?: number;
  /** Of the person: a service of his own is recorded below it. */
  readonly homedir?: string;
}

/** A quarter of a second on a usual machine; in an emulated one, half a minute. One that fails says so at once. */
const DEADLINE_MS = 60_000;
const SLOW_MS = 1_000;
/** Asking is one connect(2); a watch on the directory would need one that is there, and inotify watches run out. */
const POLL_MS = 20;
/** For the socket of a daemon that another client started, when ours lost the race without saying so. */
const GRACE_MS = 500;
/** What the daemon says when another has the home (store/home-lock.ts): that one's socket is on its way. */
const LOST_RACE = /daemon already/;
const OUTPUT_KEPT_BYTES = 1024 * 1024;

/** @throws daemon-denied, daemon-failed, daemon-unreachable where it is not ours to start, or what the daemon said when it could not start */
export async function ensureDaemon(start: Autostart): Promise<void> {
  const { layout, signal, onSlow, deadlineMs = DEADLINE_MS } = start;
  // What is wrong with it is said by whoever asks it something: a connection of its own would cost a handshake more.
  if (layout.run.remote) return;
  // Before connecting: the kernel's word for such a path is EINVAL.
  requireShortSocketPaths(layout, process.platform);
  if (await listens(layout.run.socket)) return;
  const { servedBy } = layout.run;
  if (servedBy === 'other') throw nobodyListens(layout.run.socket);
  const service = servedBy ? undefined : serviceOf(layout.home, start.env, start.homedir ?? '');
  const started = servedBy ? HOSTED : service ? startService(service) : startDaemon(start);
  const began = performance.now();
  const slow = setTimeout(() => onSlow?.(), SLOW_MS);
  try {
    for (let exitedAt: number | undefined; ; await sleep(POLL_MS, undefined, { signal }).catch(() => { throw cancelled(); })) {
      if (await listens(layout.run.socket)) return;
      const ended = started.ended();
      if (ended) {
        exitedAt ??= performance.now();
        const lostRace = LOST_RACE.test(ended.lastLine);
        if (!lostRace && performance.now() - exitedAt > GRACE_MS) throw couldNotStart(ended, layout, started.logHint);
      }
      if (performance.now() - began > deadlineMs) {
        throw fail('daemon-failed', `the Holdfast daemon has not opened ${layout.run.socket} within ${deadlineMs / 1000} s`, {
          hint: ended?.lastLine || (started.logHint ?? `its log may say why: ${layout.data.log}`),
        });
      }
    }
  } finally {
    clearTimeout(slow);
  }
}

/** @throws daemon-denied  and whatever is not the plain absence of a daemon */
export async function listens(socket: Endpoint): Promise<boolean> {
  if (typeof socket === 'string') return await listensOn(socket);
  try {
    (await socket.connect()).destroy();
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'daemon-unreachable') return false;
    throw error;
  }
}

function listensOn(socket: string): Promise<boolean> {
  // Most of what `version` costs without a daemon would be loading what connects. No rights to look is connect's to say.
  if (isAbsent(socket)) return Promise.resolve(false);
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const probe = connect(socket);
  probe.once('connect', () => {
    probe.destroy();
    resolve(true);
  });
  probe.once('error', (error) => {
    const named = connectionError(error);
    if (named.code === 'daemon-unreachable' || wasReset(error)) resolve(false);
    else reject(named);
  });
  return promise;
}

function isAbsent(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

interface Starting {
  ended(): Ended | undefined;
  /** Where to look when it does not serve; the home's log otherwise. */
  readonly logHint?: string;
}

/** It is restarted by systemd where it has died; where it was stopped, only root may start it. */
const HOSTED: Starting = { ended: () => undefined, logHint: `the host's Holdfast service is down; root can start it: systemctl start ${UNIT}` };

function nobodyListens(socket: string): HoldfastError {
  return fail('daemon-unreachable', 'cannot connect to the holdfast socket', { hint: `nobody listens on ${socket}; start its daemon, or do not name a socket` });
}

/** A second daemon beside the service would keep it from its home. */
function startService({ scope }: Manager): Starting {
  const own = scope === 'user' ? ['--user'] : [];
  const logHint = `see: ${['systemctl', ...own, 'status', UNIT].join(' ')}; ${['journalctl', ...own, '-u', UNIT].join(' ')}`;
  let ended: Ended | undefined;
  const child = execFile('systemctl', [...own, 'start', UNIT], (error, _stdout, stderr) => {
    if (error) ended = { status: error.message, lastLine: stderr.trim().split('\n')[0]?.slice(0, 500) ?? '' };
  });
  child.unref();
  return { ended: () => ended, logHint };
}

interface Ended {
  readonly status: string;
  readonly lastLine: string;
}

function startDaemon({ layout, script, env }: Autostart): Starting {
  const output = openOutput(layout);
  const offset = fstatSync(output).size;
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...DAEMON_OPTIONS, script], { cwd: '/', env: { ...env }, detached: true, stdio: ['ignore', output, output] });
  } finally {
    closeSync(output);
  }
  let status: string | undefined;
  child.once('error', (error) => { status = error.message; });
  child.once('exit', (code, killedBy) => { status = killedBy ? `it was killed by ${killedBy}` : `it ended with status ${code}`; });
  child.unref();
  return {
    ended: () => status === undefined ? undefined : { status, lastLine: lastLineAfter(layout.data.output, offset) },
  };
}

function openOutput(layout: HomeLayout): number {
  try {
    const made = mkdirSync(layout.home, { recursive: true, mode: layout.directoryMode });
    // mkdir takes the umask off; a home closed to the machines' uids would be of no use.
    if (made !== undefined) chmodSync(layout.home, layout.directoryMode);
    const { uid } = statSync(layout.home);
    // Root could, but its owner could have put a link there.
    if (process.getuid && uid !== process.getuid()) throw new Error(`it belongs to another user (uid ${uid})`);
    const kept = openSync(layout.data.output, 'a', 0o600);
    if (fstatSync(kept).size <= OUTPUT_KEPT_BYTES) return kept;
    closeSync(kept);
    closeSync(openSync(layout.data.output, 'w'));
    return openSync(layout.data.output, 'a');
  } catch (error) {
    throw fail('home-unusable', `cannot write to the home ${layout.home}: ${(error as Error).message}`, {
      cause: error, hint: 'make it writable, or choose another: HOLDFAST_HOME=…',
    });
  }
}

function couldNotStart({ status, lastLine }: Ended, layout: HomeLayout, logHint: string | undefined): HoldfastError {
  if (lastLine) return fail('daemon-failed', `the Holdfast daemon did not start: ${lastLine}`, logHint === undefined ? {} : { hint: logHint });
  return fail('daemon-failed', `the Holdfast daemon did not start: ${status}`, { hint: `its log may say why: ${layout.data.log}` });
}

function lastLineAfter(path: string, offset: number): string {
  try {
    const lines = readFileSync(path).subarray(offset).toString('utf8').split('\n');
    return lines.findLast((line) => line.trim() !== '')?.trim().slice(0, 500) ?? '';
  } catch {
    return '';
  }
}
