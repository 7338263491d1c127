/** Makes a home's daemon a service: writes the unit, takes over from a daemon that was started by hand, waits until it serves. */
import { mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../../core/errors.ts';
import { HOST_GROUP, HOST_HOME, type HomeLayout } from '../../core/home.ts';
import { UNIT, unitText } from '../../core/service/unit.ts';
import { VERSION } from '../../core/version.ts';
import { homeOfUnit } from './installed.ts';
import { dismiss, holderOf, servedBy, untilServed } from './serving.ts';
import { requireSystemd, systemctl, tool, unitState, type Manager } from './systemd.ts';

export interface InstallParts {
  readonly manager: Manager;
  readonly layout: HomeLayout;
  /** The bundled daemon. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface Installed {
  readonly pid: number;
  /** For people, a line each. */
  readonly notices: readonly string[];
}

/** Done again it changes what has changed, and nothing else. @throws not-supported, no-rights, daemon-failed, bad-argument, cancelled */
export async function installService({ manager, layout, script, env, signal }: InstallParts): Promise<Installed> {
  requireSystemd(manager, env);
  const other = homeOfUnit(manager.unitPath);
  if (other !== undefined && other !== layout.home) {
    throw fail('bad-argument', `the service is installed already, for the home ${other}`, { hint: `remove it first: holdfast service remove; a home of your own needs no service: HOLDFAST_HOME=${layout.home}` });
  }
  const daemon = realpathSync(script);
  const notices = ownershipNotice(manager, [process.execPath, daemon]);
  notices.push(...proxyNotice(manager, env));
  if (manager.scope === 'system') notices.push(...await ensureGroup(signal));
  const changed = writeUnit(manager, unitText({ scope: manager.scope, node: process.execPath, daemon, home: layout.home, env: unitEnv(manager, layout, env) }));
  await systemctl(manager, ['daemon-reload'], signal);
  const before = await unitState(manager, signal);
  const serving = await servedBy(layout, signal);
  // One that is still starting has the home too: the service's would find it locked.
  const holder = serving?.pid ?? holderOf(layout);
  if (holder !== undefined && holder !== before.pid) {
    await dismiss(holder, signal);
    notices.push(`It took over from the daemon that was started by hand (pid ${holder}); the machines went on.`);
  }
  await systemctl(manager, ['enable', UNIT], signal);
  const stale = holder !== undefined && holder === before.pid && (changed || (serving !== undefined && serving.daemon !== VERSION));
  await systemctl(manager, [stale ? 'restart' : 'start', UNIT], signal);
  const pid = await untilServed(manager, layout, signal);
  if (manager.scope === 'user') notices.push(...await lingerNotice(signal));
  return { pid, notices };
}

/** A daemon of the host's manager has none of a session's variables. */
function unitEnv({ scope }: Manager, layout: HomeLayout, env: InstallParts['env']): Record<string, string> {
  if (env['HOLDFAST_HOME']) return { HOLDFAST_HOME: layout.home };
  if (scope === 'user') return env['XDG_DATA_HOME'] ? { XDG_DATA_HOME: env['XDG_DATA_HOME'] } : {};
  if (layout.home === HOST_HOME) return {};
  throw fail('bad-argument', `in this shell root's home is ${layout.home}, because of XDG_DATA_HOME`, { hint: 'unset XDG_DATA_HOME, or say which home is meant: HOLDFAST_HOME=…' });
}

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** They may hold a password, and anybody may read a unit: where they are put is not ours to decide. */
export function proxyNotice({ scope }: Pick<Manager, 'scope'>, env: InstallParts['env']): string[] {
  const set = PROXY_VARIABLES.filter((name) => env[name]);
  if (set.length === 0) return [];
  return [`Notice: ${set.join(', ')} of this shell ${set.length === 1 ? 'is' : 'are'} not the service's: what it downloads, it fetches without. To give it one: systemctl ${scope === 'user' ? '--user ' : ''}edit ${UNIT}, and there [Service] Environment=https_proxy=…`];
}

/** @returns whether it is another text than before */
function writeUnit({ unitPath }: Manager, text: string): boolean {
  try {
    if (read(unitPath) === text) return false;
    mkdirSync(dirname(unitPath), { recursive: true });
    writeFileSync(unitPath, text, { mode: 0o644 });
    return true;
  } catch (error) {
    throw fail('no-rights', `the unit cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Root is about to run this at every start of the host. */
function ownershipNotice({ scope }: Manager, paths: readonly string[]): string[] {
  if (scope !== 'system') return [];
  const foreign = paths.find((path) => {
    const { uid, mode } = statSync(path);
    return uid !== 0 || (mode & 0o022) !== 0;
  });
  return foreign === undefined ? [] : [`Notice: root runs ${foreign} from now on, which somebody else may write to. Better install Holdfast where only root may.`];
}

/** Its members are served too: docs/decisions/service.md. */
async function ensureGroup(signal: AbortSignal): Promise<string[]> {
  const there = await tool('getent', ['group', HOST_GROUP], signal).then(() => true, () => false);
  if (!there) await tool('groupadd', ['--system', HOST_GROUP], signal);
  return there ? [] : [`The group "${HOST_GROUP}" was made, with nobody in it. Who may use this service without being root: usermod -aG ${HOST_GROUP} NAME`];
}

/** Without it a person's manager ends when he has logged out, and ends all that it started. */
async function lingerNotice(signal: AbortSignal): Promise<string[]> {
  const said = await tool('loginctl', ['show-user', String(process.getuid?.() ?? 0), '--property=Linger', '--value'], signal).catch(() => '');
  return said.trim() === 'yes' ? [] : ['Notice: when you log out, systemd ends this service and its machines. To keep them, and to have them from the host\'s start on: loginctl enable-linger'];
}
