import { installService } from '../../client/service/install.ts';
import { removeService } from '../../client/service/remove.ts';
import { servedBy } from '../../client/service/serving.ts';
import { managerOf, requireSystemd, unitState, type Manager, type UnitState } from '../../client/service/systemd.ts';
import { homeInUse, ownHome, personsHome } from '../../client/home.ts';
import { UNIT } from '../../core/service/unit.ts';
import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';

/** As systemctl's own, after the LSB: not running; not there. */
const NOT_RUNNING = 3;
const NOT_INSTALLED = 4;

export const service = defineCommand({
  name: 'service',
  group: 'Settings and the daemon',
  onlyHere: true,
  summary: 'Keep the daemon running as a systemd service',
  usage: 'install|remove|status',
  takes: [['install', 'set it up, and start it'], ['remove', 'take it away'], ['status', 'show how it stands']],
  args: [1, 1],
  options: {},
  examples: [
    ['holdfast service install', 'as root: for the host; else one of your own'],
    ['holdfast service status', 'what is installed, and what runs'],
    ['holdfast service remove', 'the machines go on'],
  ],
  notes: [
    'Restarting or removing the service leaves all machines running. After a restart of the host those that ran come back,\nand those with "holdfast set local.<name>.autostart=true" are started.',
    '"status" ends with 0 when the service runs, 3 when it does not, 4 when it is not installed.',
  ],
  async run(context, { args: [verb] }) {
    switch (verb) {
      case 'install': return await install(context);
      case 'remove': return await remove(context);
      case 'status': return await status(context);
      default: throw new UsageError(`Unknown action '${verb}'`, 'there are: service install, service remove, service status');
    }
  },
});

/** Root's is the host's, everybody else's his own. */
function ownManager({ env }: Context): Manager {
  return managerOf(process.getuid?.() === 0 ? 'system' : 'user', env, personsHome(env));
}

async function install(context: Context): Promise<void> {
  const { env, signal, stdout, stderr, daemonScript } = context;
  const layout = ownHome(env);
  const manager = ownManager(context);
  const { pid, notices } = await installService({ manager, layout, script: daemonScript, env, signal });
  for (const notice of notices) stderr.write(`${notice}\n`);
  stdout.write(`Service: ${UNIT} serves ${layout.home} (pid ${pid})\n`);
}

async function remove(context: Context): Promise<void> {
  const { env, signal, stdout } = context;
  const { wasAbsent, running } = await removeService(ownManager(context), ownHome(env), env, signal);
  if (wasAbsent) return void stdout.write('The service is not installed.\n');
  stdout.write('The service is removed.\n');
  if (running.length > 0) stdout.write(`Still running: ${running.join(', ')}. To stop them: holdfast stop ${running.join(' ')}\n`);
}

async function status(context: Context): Promise<number> {
  const { env, signal, stdout } = context;
  const layout = homeInUse(env);
  const manager = layout.run.servedBy === 'host' ? managerOf('system', env, '') : ownManager(context);
  requireSystemd(manager, env);
  const state = await unitState(manager, signal);
  const serving = await servedBy(layout, signal).catch(() => undefined);
  stdout.write(statusText(manager, state, { home: layout.home, pid: serving?.pid }));
  if (!state.installed) return NOT_INSTALLED;
  return state.active === 'active' ? 0 : NOT_RUNNING;
}

export function statusText({ scope, unitPath }: Pick<Manager, 'scope' | 'unitPath'>, state: UnitState, daemon: { readonly home: string; readonly pid: number | undefined }): string {
  const byHand = daemon.pid !== undefined && daemon.pid !== state.pid;
  const rows: [string, string][] = [
    ['Service', scope === 'system' ? `${UNIT}, of this host` : `${UNIT}, your own`],
    ['Installed', state.installed ? `yes (${unitPath})` : 'no'],
    ['Enabled', state.enabled ? `yes (starts with ${scope === 'system' ? 'the host' : 'your session'})` : 'no'],
    ['Active', state.active === 'active' ? 'yes' : `no (${state.active})`],
    ['PID', state.pid > 0 ? String(state.pid) : '-'],
    ['Home', daemon.home],
    ['Since', state.since ?? '-'],
    ...(byHand ? [['Daemon', `started by hand, pid ${daemon.pid}${state.installed ? '' : '; to make it a service: holdfast service install'}`] as [string, string]] : []),
  ];
  return rows.map(([key, value]) => `${`${key}:`.padEnd(16)}${value}\n`).join('');
}
