/** A namespace that stands for a whole host, with a home on it: what is done to it is done to no other, and all that is left of it is seen. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { makeNamespace, sh, type Namespace } from '../namespaces.ts';

export interface Told {
  readonly cause: string;
  readonly message: string;
  readonly remedy?: string;
}

export interface Daemon extends AsyncDisposable {
  readonly told: readonly Told[];
  readonly pid: number;
  /** @throws with the daemon's message */
  call(method: 'whyNot' | 'trouble' | 'droppedBy' | 'subnet' | 'attach' | 'change' | 'release' | 'detach' | 'tidy' | 'createNetwork', argument?: unknown): Promise<unknown>;
  /** @param bridges  of the host's, on each of which it has a further card */
  attach(machine: Machine, zone?: string, bridges?: readonly string[]): Promise<void>;
  /** Of a machine that is on QEMU's user network. @param cards  further ones: of the host's bridges, or null for one on the home's */
  guest(machine: Machine, cards: readonly (string | null)[]): Promise<unknown>;
}

export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly mac: string;
  readonly host: number;
}

export const APOLLO: Machine = { id: '00c0ffee', name: 'apollo', mac: '52:54:00:00:c0:fe', host: 2 };
export const HERMES: Machine = { id: '0badcafe', name: 'hermes', mac: '52:54:00:ba:dc:af', host: 3 };

export interface HomeOnHost {
  readonly home: string;
  /** The key that all names on the host are made of: its first eight digits. */
  key(): Promise<string>;
  daemon(dnsmasq?: string): Daemon;
  /** The pid of zone1's. */
  dnsmasq(): Promise<number>;
}

export interface HomeHost extends HomeOnHost, AsyncDisposable {
  readonly host: Namespace;
  another(): Promise<HomeOnHost>;
  /** In the place of dnsmasq. @returns its path */
  program(name: string, script: string): Promise<string>;
  /** Everything on the host that is not as it was, and what lies in the home. */
  traces(): Promise<string[]>;
}

const PROCESS = new URL('daemon-process.ts', import.meta.url).pathname;

export async function makeHomeHost(): Promise<HomeHost> {
  const stack = new AsyncDisposableStack();
  const host = stack.use(await makeNamespace(`hfh${process.pid % 100_000}-${Math.floor(Math.random() * 1e5)}`));
  const homes: HomeOnHost[] = [];
  const another = async (): Promise<HomeOnHost> => {
    const home = await mkdtemp('/var/tmp/hf-host-');
    stack.defer(() => rm(home, { recursive: true, force: true }));
    await sh('chmod', '0711', home);
    homes.push({
      home,
      key: async () => (JSON.parse(await readFile(`${home}/network/network.json`, 'utf8')) as { key: string }).key.slice(0, 8),
      daemon: (dnsmasq) => stack.use(makeDaemon(host, home, dnsmasq)),
      dnsmasq: async () => (JSON.parse(await readFile(`${home}/network/dnsmasq.json`, 'utf8')) as { pid: number }).pid,
    });
    return homes[homes.length - 1] as HomeOnHost;
  };
  const first = await another();
  const { home } = first;
  // What a host listens to, and does not do by itself, whatever this one's kernel has.
  await host.run('sh', '-c', 'for each in all default lo wire; do echo 1 > /proc/sys/net/ipv6/conf/$each/accept_ra; done; echo 0 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding');
  const record = `/run/holdfast-forwarding-${(await host.run('readlink', '/proc/self/ns/net')).replaceAll(/\D/g, '')}.json`;
  // It stays where another bridge does, and the kernel numbers namespaces anew.
  const forget = () => rm(record, { force: true });
  await forget();
  stack.defer(forget);
  const settings = async (): Promise<string[]> => (await host.run('sh', '-c', 'grep . /proc/sys/net/ipv6/conf/*/accept_ra /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding; ip -o link | sed "s/.*: \\([^:@]*\\)[:@].*<.*/\\1/"; nft list tables')).split('\n');
  const before = await settings();
  const traces = async (): Promise<string[]> => {
    const processes = (await sh('ps', '-eo', 'args')).split('\n').filter((line) => homes.some((each) => line.includes(`--conf-file=${each.home}/`)));
    const files = await Promise.all(homes.map(async (each) => await readdir(`${each.home}/network`).catch(() => [] as string[])));
    return [
      ...(await settings()).filter((line) => !before.includes(line)), ...processes, ...files.flat().filter((name) => name !== 'network.json'),
      ...(await readdir('/run')).filter((name) => record === `/run/${name}`),
    ];
  };
  return {
    ...first, host, another, traces,
    async program(name, script) {
      await writeFile(`${home}/${name}`, script, { mode: 0o755 });
      return `${home}/${name}`;
    },
    [Symbol.asyncDispose]: async () => {
      // Nothing is left of a test that failed either.
      for (const each of homes) {
        const last = makeDaemon(host, each.home);
        await last.call('tidy', []);
        await last[Symbol.asyncDispose]();
      }
      await stack[Symbol.asyncDispose]();
    },
  };
}

function makeDaemon(host: Namespace, home: string, dnsmasq?: string): Daemon {
  const child = spawn('ip', ['netns', 'exec', host.name, process.execPath, PROCESS, home, ...(dnsmasq === undefined ? [] : [dnsmasq])], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  const told: Told[] = [];
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { number?: number; value?: unknown; error?: string } & Told;
    if (said.number === undefined) told.push(said);
    else if (said.error === undefined) waiting.get(said.number)?.resolve(said.value);
    else waiting.get(said.number)?.reject(new Error(said.error));
  });
  const call: Daemon['call'] = (method, argument) => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(waiting.size, answer);
    child.stdin.write(`${JSON.stringify([waiting.size - 1, method, argument])}\n`);
    return answer.promise;
  };
  const addressOf = async ({ host: number }: Machine, zone: string): Promise<string> => String(await call('subnet', zone)).replace(/\.0\/24$/, `.${number}`);
  const request = ({ id, name, mac }: Machine, networks: readonly (string | null)[], address: string, network?: object) => {
    const cards = networks.map((each, index) => ({ slot: index + 1, mac: `${mac.slice(0, -1)}${index + 1}`, network: each, mode: 'auto', address: each === null ? address : null, seeded: false }));
    return { id, name, uid: 1_900_000_123, spec: { cpus: 1, memoryBytes: 1, diskBytes: 1, imageDigest: 'none', imageFormat: 'raw', mac, subnetIndex: 0, network, cards } };
  };
  return {
    told, call, pid: child.pid ?? 0,
    async attach(machine, zone = 'zone1', bridges = []) {
      const address = await addressOf(machine, zone);
      await call('attach', request(machine, bridges, address, { kind: 'bridge', address }));
    },
    guest: async (machine, cards) => request(machine, cards, await addressOf(machine, 'zone1')),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
