/** A host of its own in a namespace, whose eth0 a real program of systems configures, with a lease: with a bus and a /run of its own. It needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { waitFor } from '../../real/home.ts';
import { makeNamespace, sh, shWithin } from '../namespaces.ts';

const PROCESS = new URL('host-process.ts', import.meta.url).pathname;
const TOOLS = ['/usr/bin/dbus-daemon', '/usr/bin/nsenter'];
const LEASE = /^198\.18\.1\.1\d\d\//;

export interface Configurer {
  /** What configures eth0: its path. */
  readonly program: string;
  readonly files: Readonly<Record<string, string>>;
  /** As sh takes it, with $1 the directory of the files: before the bus is there, and after. */
  readonly before: string;
  readonly arguments: string;
  /** How many addresses eth0 has in the end. */
  readonly addresses: number;
}

export interface LeasedHost extends AsyncDisposable {
  /** Also the directory of the daemon's records. */
  readonly home: string;
  inside(...words: [string, ...string[]]): Promise<string>;
  /** One act of a daemon's, in a process of its own: see host-process.ts. */
  daemon(what: string, name?: string, more?: string): Promise<unknown>;
  addresses(link: string): Promise<string[]>;
  routes(link: string): Promise<string>;
}

export async function canHave(program: string): Promise<boolean> {
  const found = await Promise.all([program, ...TOOLS].map((path) => access(path).then(() => true, () => false)));
  return found.every(Boolean);
}

/** Prints its pid, under which the mounts are found, and stays until its stdin ends. Without udev only a host that cannot have it is served. */
const hostOf = ({ program, before, arguments: words }: Configurer): string => `
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -o remount,ro /sys
mkdir -p /run/dbus
${before}
dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile 2>"$1/bus.log" &
bus=$!
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
SYSTEMD_LOG_TARGET=console ${program} ${words} >"$1/program.log" 2>&1 &
program=$!
echo $$
cat >/dev/null
kill $program $bus
wait
`;
const BUS = `<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`;

export async function makeLeasedHost(configurer: Configurer): Promise<LeasedHost> {
  await using building = new AsyncDisposableStack();
  const home = await mkdtemp('/var/tmp/hf-leased-');
  building.defer(() => rm(home, { recursive: true, force: true }));
  await Promise.all(Object.entries({ 'bus.conf': BUS, ...configurer.files }).map(([name, content]) => writeFile(`${home}/${name}`, content, { mode: 0o600 })));
  const end = `hfd${process.pid % 100_000}-${Math.floor(Math.random() * 1e5)}`;
  const router = building.use(await makeNamespace(end));
  const host = building.use(await makeNamespace(`${end}h`));
  await host.run('ip', 'link', 'delete', 'wire');
  await sh('ip', 'link', 'set', end, 'netns', host.name, 'name', 'eth0');
  await router.run('ip', 'address', 'add', '198.18.1.1/24', 'dev', 'wire');
  const leases = spawn('ip', ['netns', 'exec', router.name, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=wire', '--bind-interfaces', '--dhcp-range=198.18.1.100,198.18.1.120,1h', `--dhcp-leasefile=${home}/leases`, '--pid-file='], { stdio: 'ignore' });
  const machine = spawn('ip', ['netns', 'exec', host.name, 'unshare', '--mount', 'sh', '-c', hostOf(configurer), 'host', home], { stdio: ['pipe', 'pipe', 'inherit'] });
  building.defer(async () => {
    machine.stdin.end();
    await ended(machine);
    leases.kill('SIGTERM');
    await ended(leases);
  });
  const [said] = await Promise.race([once(machine.stdout, 'data'), once(machine, 'exit').then(() => { throw new Error('the host ended before it had begun'); })]);
  const pid = String(said).trim();
  const inside: LeasedHost['inside'] = (...words) => sh('nsenter', '--target', pid, '--mount', '--net', ...words);
  const addresses: LeasedHost['addresses'] = async (link) => [...(await inside('ip', '-o', 'address', 'show', 'dev', link)).matchAll(/inet6? (\S+)/g)].map(([, address]) => address ?? '').toSorted();
  await waitFor('the lease', async () => {
    const had = await addresses('eth0');
    return had.length === configurer.addresses && had.some((address) => LEASE.test(address));
  }, 90_000);
  const made = building.move();
  return {
    home, inside, addresses,
    daemon: async (what, name = '', more = '') => JSON.parse(await shWithin(120_000, 'nsenter', '--target', pid, '--mount', '--net', process.execPath, PROCESS, home, what, name, more)) as unknown,
    routes: async (link) => (await inside('ip', 'route', 'show', 'dev', link)).replaceAll(/ +\n/g, '\n'),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
