/** A namespace that stands for a host with an ethernet, another for the router that it is plugged into, and a home on the host. */
import { mkdtemp, rm } from 'node:fs/promises';
import { makeNamespace, sh, shWithin, type Namespace } from '../namespaces.ts';

export interface Said {
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly bug?: string;
}

export interface HostBench extends AsyncDisposable {
  readonly host: Namespace;
  readonly router: Namespace;
  readonly home: string;
  makeHome(): Promise<string>;
  /** In the place of a daemon, in a home of the host's. */
  daemon(what: string, name?: string, more?: string, home?: string): Promise<Said>;
  /** Of the host, as `ip` shows it, without what changes by itself. */
  picture(link: string): Promise<{ readonly addresses: string[]; readonly routes: string[]; readonly flags: string[] }>;
}

const PROCESS = new URL('host-process.ts', import.meta.url).pathname;

/** Addresses for tests of networks (RFC 2544, RFC 3849). The host's card is called eth0. */
export async function makeHostBench(): Promise<HostBench> {
  const stack = new AsyncDisposableStack();
  const end = `hfe${process.pid % 100_000}-${Math.floor(Math.random() * 1e5)}`;
  const router = stack.use(await makeNamespace(end));
  const host = stack.use(await makeNamespace(`${end}h`));
  // The wire between the two, in the place of the ends that each has in this host.
  await host.run('ip', 'link', 'delete', 'wire');
  await sh('ip', 'link', 'set', end, 'netns', host.name, 'name', 'eth0');
  for (const address of ['198.18.1.1/24', '2001:db8:1::1/64']) await router.run('ip', 'address', 'add', address, 'dev', 'wire', ...(address.includes(':') ? ['nodad'] : []));
  await host.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad');
  await host.run('ip', 'link', 'set', 'eth0', 'up');
  for (const words of [['198.18.1.2/24', 'broadcast', '198.18.1.255'], ['198.18.1.3/24', 'label', 'eth0:1'], ['10.8.0.1', 'peer', '10.8.0.2/32'], ['2001:db8:1::2/64', 'nodad']]) await host.run('ip', 'address', 'add', ...words, 'dev', 'eth0');
  for (const words of [
    ['default', 'via', '198.18.1.1', 'proto', 'static', 'src', '198.18.1.3', 'metric', '100'], ['10.9.0.0/16', 'via', '198.18.1.1', 'table', '77', 'mtu', '1400'],
    ['10.10.0.0/16', 'scope', 'link'], ['default', 'via', '2001:db8:1::1', 'metric', '1024'], ['2001:db8:9::/48', 'via', 'fe80::1', 'metric', '5'],
  ]) await host.run('ip', ...(words.join(' ').includes(':') ? ['-6'] : []), 'route', 'add', ...words, 'dev', 'eth0');
  const makeHome = async (): Promise<string> => {
    const made = await mkdtemp('/var/tmp/hf-eth-');
    stack.defer(() => rm(made, { recursive: true, force: true }));
    return made;
  };
  const home = await makeHome();
  return {
    host, router, home, makeHome,
    async daemon(what, name = '', more = '', at = home) {
      const said = await shWithin(120_000, 'ip', 'netns', 'exec', host.name, process.execPath, PROCESS, at, what, name, more).catch((error: unknown) => {
        if (more.startsWith('die')) return '{}';
        throw error;
      });
      return JSON.parse(said) as Said;
    },
    async picture(link) {
      const lines = async (...words: string[]) => (await host.run('ip', ...words)).split('\n').map((line) => line.replace(/ dev \S+| linkdown/g, '').replace(/\s+/g, ' ').trim()).filter((line) => line !== '');
      const flags = /<(.*)>/.exec(await host.run('ip', 'link', 'show', 'dev', link))?.[1]?.split(',') ?? [];
      return {
        addresses: (await lines('-o', 'address', 'show', 'dev', link)).map((line) => line.replace(/^\d+: \S+ /, '').replace(/\\.*$/, '').replace(/ (?:proto \S+|nodad|tentative)/g, '').trim().replace(new RegExp(` ${link}$`), '')).toSorted(),
        routes: [...await lines('-4', 'route', 'show', 'table', 'all', 'dev', link), ...await lines('-6', 'route', 'show', 'table', 'all', 'dev', link)].filter((line) => !/^(?:local|broadcast|multicast|anycast|ff00)/.test(line)).toSorted(),
        flags: flags.toSorted(),
      };
    },
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}
