/** One daemon's dealings with the ethernets of its host, as a process that a test runs in a namespace: `<home> <what> [<name>] [die]`. Says what came of it as JSON. */
import { execFileSync } from 'node:child_process';
import { HoldfastError } from '../../../src/core/errors.ts';
import { HomeNetworks } from '../../../src/host/network/home-networks.ts';
import { bridgeable } from '../../../src/host/network/bridgeable.ts';
import { EthernetBridges } from '../../../src/host/network/ethernet/ethernet-bridges.ts';
import type { Way, Ways } from '../../../src/host/network/ethernet/way.ts';
import { WAYS } from '../../../src/host/network/ethernet/ways.ts';

const [home = '', what = '', name = '', more = ''] = process.argv.slice(2);
const key = Buffer.from(home.slice(-16)).toString('hex');
const die = (): never => process.kill(process.pid, 'SIGKILL') as never;

/** That goes wrong where the test says so. */
const spoilt = (way: Way): Way => ({
  ...way, withinMs: more === 'shut' || more === 'robbed' ? 1_500 : way.withinMs,
  async into(job) {
    if (more === 'die-before') die();
    await way.into(job);
    if (more === 'fails') throw new Error('it was spoilt');
    // All is there, and nobody answers.
    if (more === 'shut') execFileSync('ip', ['link', 'set', 'dev', job.ethernet, 'nomaster']);
    if (more === 'robbed') execFileSync('ip', ['route', 'delete', 'default', 'dev', job.bridge]);
    // The host is off its network for good: nothing but undoing it helps.
    if (more === 'die' || more === 'die-guarded') die();
  },
});

const bridges = new EthernetBridges({
  directory: `${home}/ethernets`, key: () => key, log: () => undefined,
  guardScript: more === 'guarded' || more === 'die-guarded' ? new URL('../../../src/host/network/ethernet/guard-main.ts', import.meta.url).pathname : undefined,
  ways: Object.fromEntries(Object.entries(WAYS).map(([owner, way]) => [owner, way && spoilt(way)])) as unknown as Ways,
});

const actions: Record<string, () => Promise<unknown>> = {
  plan: () => bridges.plan(name),
  // What somebody says yes to, and a machine then needs.
  make: async () => await bridges.ensure(await bridges.agree(name)),
  ensure: () => bridges.ensure(name),
  // A machine whose only network is the ethernet's.
  attach: async () => {
    await using network = new HomeNetworks({ home, directory: home, log: () => undefined });
    await network.attach({ id: '00c0ffee', name: 'apollo', uid: 1_900_000_123, spec: { cpus: 1, memoryBytes: 1, diskBytes: 1, imageDigest: 'none', imageFormat: 'raw', mac: '52:54:00:00:c0:fe', subnetIndex: 0, cards: [{ slot: 1, mac: '52:54:00:00:c0:ff', network: name, mode: 'auto', address: null, seeded: true }] } });
    return network.plugOf('00c0ffee', 1, name).name;
  },
  detach: async () => {
    await using network = new HomeNetworks({ home, directory: home, log: () => undefined });
    await network.detach('00c0ffee');
  },
  agree: () => bridges.agree(name),
  release: () => bridges.release(() => false),
  recover: () => bridges.recover(),
  names: () => bridges.names(),
  list: () => bridgeable((link, kind) => Promise.resolve(kind === 'veth' && link.startsWith('e') ? 'ethernet' : undefined)),
};

const result = await actions[what]?.().then((value) => ({ value }), (error: unknown) => (error instanceof HoldfastError ? { code: error.code, message: error.message } : { bug: String(error instanceof Error ? error.stack : error) }));
process.stdout.write(JSON.stringify(result));
