/** The host's systemd as it is asked here: which manager, where its unit lies, what it says of it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fail } from '../../core/errors.ts';
import { UNIT } from '../../core/service/unit.ts';

export interface Manager {
  readonly scope: 'system' | 'user';
  readonly unitPath: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Where systemd is the host's first process this directory is there: sd_booted(3). */
const BOOTED = '/run/systemd/system';
const DEADLINE_MS = 90_000;

export function managerOf(scope: Manager['scope'], env: Env, homedir: string): Manager {
  if (scope === 'system') return { scope, unitPath: `/etc/systemd/system/${UNIT}` };
  const config = env['XDG_CONFIG_HOME']?.startsWith('/') ? env['XDG_CONFIG_HOME'] : `${homedir}/.config`;
  return { scope, unitPath: `${config}/systemd/user/${UNIT}` };
}

/** @throws not-supported */
export function requireSystemd({ scope }: Manager, env: Env): void {
  if (!existsSync(BOOTED)) {
    throw fail('not-supported', 'this host was not started by systemd, and Holdfast\'s service is a systemd unit', {
      hint: 'nothing is lost: the first command starts the daemon by itself',
    });
  }
  if (scope === 'user' && !existsSync(`${env['XDG_RUNTIME_DIR'] ?? ''}/systemd/private`)) {
    throw fail('not-supported', 'there is no systemd of your own in this session, so no service of your own either', {
      hint: 'log in anew (not by su), or make one for the whole host: sudo holdfast service install',
    });
  }
}

export function isBooted(): boolean {
  return existsSync(BOOTED);
}

/** @returns what it printed  @throws daemon-failed with systemd's own words, tool-missing */
export async function systemctl({ scope }: Manager, args: readonly string[], signal?: AbortSignal): Promise<string> {
  return await tool('systemctl', [...(scope === 'user' ? ['--user'] : []), '--no-pager', ...args], signal);
}

/** @throws daemon-failed, tool-missing, cancelled */
export function tool(name: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(name, args, { timeout: DEADLINE_MS, ...(signal ? { signal } : {}), env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', SYSTEMD_COLORS: '0' } }, (error, stdout, stderr) => {
    if (!error) return resolve(stdout);
    if (signal?.aborted) return reject(fail('cancelled', 'interrupted'));
    if (error.code === 'ENOENT') return reject(fail('tool-missing', `${name} is not installed`));
    const said = stderr.trim().split('\n').slice(0, 3).join(' ') || error.message;
    reject(fail('daemon-failed', `${name} ${args.filter((word) => !word.startsWith('--')).join(' ')} failed: ${said}`, { cause: error }));
  });
  return promise;
}

export interface UnitState {
  readonly installed: boolean;
  readonly enabled: boolean;
  /** active, activating, failed, inactive, … */
  readonly active: string;
  /** 0 when none. */
  readonly pid: number;
  /** ISO 8601; null when it does not run. */
  readonly since: string | null;
}

const PROPERTIES = 'LoadState,UnitFileState,ActiveState,MainPID,ActiveEnterTimestamp';

export async function unitState(manager: Manager, signal?: AbortSignal): Promise<UnitState> {
  const text = await systemctl(manager, ['show', UNIT, `--property=${PROPERTIES}`], signal);
  return unitStateIn(text);
}

/** @param text  of `systemctl show` in UTC: `Key=value` lines, times as `Mon 2026-11-30 07:00:00 UTC` (their other forms need systemd 251) */
export function unitStateIn(text: string): UnitState {
  const values = new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const active = values.get('ActiveState') ?? 'unknown';
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(values.get('ActiveEnterTimestamp') ?? '') ?? [];
  return {
    installed: values.get('LoadState') === 'loaded',
    enabled: values.get('UnitFileState') === 'enabled',
    active,
    pid: Number(values.get('MainPID') ?? 0),
    since: active === 'active' && day !== undefined && time !== undefined ? `${day}T${time}.000Z` : null,
  };
}
