/** A daemon's network as a process, which a test runs in a namespace: `<home> [<dnsmasq>]`. A call a line, `[number, method, ...arguments]`, each answered by a line. */
import { createInterface } from 'node:readline';
import type { AttachRequest } from '../../../src/host/network/home-cards.ts';
import { HomeNetworks } from '../../../src/host/network/home-networks.ts';

const [home = '', dnsmasq] = process.argv.slice(2);
const say = (line: Readonly<Record<string, unknown>>): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const network = new HomeNetworks({
  home, directory: `${home}/network`, log: (cause, message, remedy) => say({ cause, message, remedy }), ...(dnsmasq === undefined ? {} : { dnsmasq }),
});

/** Of the last run of each machine. */
const releases = new Map<string, () => Promise<void>>();

const methods: Record<string, (argument: never) => Promise<unknown>> = {
  whyNot: () => network.whyNot(),
  // JSON has no undefined.
  trouble: (addresses: readonly string[] | null) => network.trouble(addresses ?? undefined),
  droppedBy: () => network.droppedBy(),
  subnet: (zone: Parameters<HomeNetworks['subnet']>[0]) => network.subnet(zone),
  attach: async (request: AttachRequest) => void releases.set(request.id, await network.attach(request)),
  change: (request: AttachRequest) => network.change(request),
  /** That run has ended. */
  release: (id: string) => releases.get(id)?.() ?? Promise.resolve(),
  detach: (id: string) => network.detach(id),
  tidy: (living: readonly string[]) => network.tidy((id) => living.includes(id)),
  createNetwork: (name: string) => network.createNetwork(name, undefined),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [number, method = '', argument] = JSON.parse(line) as [number, string?, never?];
  // One may be under way while the next is asked for.
  void methods[method]?.(argument as never).then((value) => say({ number, value }), (error: unknown) => say({ number, error: error instanceof Error ? error.message : String(error) }));
}
await network[Symbol.asyncDispose]();
