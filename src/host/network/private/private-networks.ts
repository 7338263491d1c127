/**
 * Networks without root's rights: a switch of Holdfast's own for each that somebody had made, between instances alone. The host is
 * on none of them, and there is none that a home has of itself.
 */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../../core/errors.ts';
import type { InstanceSpec } from '../../../core/instance.ts';
import { parseIpv4Network } from '../../../core/network/ipv4.ts';
import { planPrivateNetwork, type PrivateNetwork } from '../../../core/network/own-networks.ts';
import { NODE_FLAGS } from '../../../core/node-flags.ts';
import type { Probe } from '../../../core/network/probe.ts';
import { oneAtATime } from '../../../core/one-at-a-time.ts';
import { lastComplaint, startDetached } from '../../process/detached.ts';
import { bridgeable, type HostNetworkEntry } from '../bridgeable.ts';
import { obstacle } from '../availability.ts';
import { usedNetworks } from '../links.ts';
import { hostReaches, probeFromHost, type ProbeLimits } from '../probe.ts';
import { writeWhole } from '../../write-whole.ts';

export interface PrivateNetworksOptions {
  readonly home: string;
  /** Where what is to be remembered lies. */
  readonly directory: string;
  /** Where sockets are. */
  readonly runDirectory: string;
  /** The bundled switch. */
  readonly script: string;
}

/** Longer than a machine takes to connect after its network was asked for. */
const ALONE_MS = 60_000;
const START_MS = 20_000;
const LOOK_MS = 20;
/** Frames of at most 64 KiB, and nothing that lives long. */
const NODE_OPTIONS = [...NODE_FLAGS, '--max-semi-space-size=1', '--max-old-space-size=64'];

export class PrivateNetworks implements AsyncDisposable {
  readonly #options: PrivateNetworksOptions;
  readonly #path: string;
  readonly bridge = '';
  readonly ethernets = undefined;
  /** As it is in the file; read once, since a machine's command line is made without waiting. */
  #networks: readonly PrivateNetwork[] | undefined;
  readonly #inTurn = oneAtATime();

  constructor(options: PrivateNetworksOptions) {
    this.#options = options;
    this.#path = join(options.directory, 'private.json');
  }

  async whyNot(): Promise<string | undefined> {
    return await obstacle(this.#options.home) ?? 'it needs a daemon that runs as root';
  }

  /** There is none of the home's. */
  trouble(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  droppedBy(): Promise<[]> {
    return Promise.resolve([]);
  }

  async subnet(): Promise<string> {
    throw fail('not-supported', `there is no network of the home's own: ${await this.whyNot() ?? ''}`);
  }

  layout(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async hostSubnets(): Promise<string[]> {
    return process.platform === 'linux' ? (await usedNetworks([])).filter((each) => parseIpv4Network(each) !== undefined) : [];
  }

  async reaches(address: string, mac: string, limits: ProbeLimits): Promise<boolean> {
    return await hostReaches(address, mac, limits);
  }

  async probe(probe: Probe, limits: ProbeLimits): Promise<string | undefined> {
    return await probeFromHost(probe, limits);
  }

  async bridgeable(): Promise<HostNetworkEntry[]> {
    return process.platform === 'linux' ? await bridgeable() : [];
  }

  ownNetworks(): Promise<readonly PrivateNetwork[]> {
    return Promise.resolve(this.#all());
  }

  /** @throws bad-argument, not-supported */
  createNetwork(name: string, subnet: string | undefined): Promise<PrivateNetwork> {
    return this.#inTurn(async () => {
      const network = planPrivateNetwork(name, subnet, this.#all());
      await this.#write([...this.#all(), network]);
      return network;
    });
  }

  /** Its switch ends by itself. @throws not-found */
  deleteNetwork(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const networks = this.#all();
      if (!networks.some((each) => each.name === name)) throw fail('not-found', `there is no network ${name} of Holdfast's`, { hint: 'see which there are: holdfast networks' });
      await this.#write(networks.filter((each) => each.name !== name));
    });
  }

  plugOf(_id: string, _slot: number, network: string | null): { readonly kind: 'switch'; readonly path: string } {
    return { kind: 'switch', path: this.#socket(this.#all().find(({ name }) => name === network)) };
  }

  /** @throws machine-failed, not-supported */
  async attach({ name, spec }: { readonly name: string; readonly spec: InstanceSpec }): Promise<() => Promise<void>> {
    if (spec.network !== undefined) throw fail('machine-failed', `${name} is on the network of a home whose daemon ran as root, and this one does not`, { hint: 'start the daemon as root, or launch another instance' });
    const networks = this.#all();
    for (const card of spec.cards ?? []) {
      const network = networks.find((each) => each.name === card.network);
      if (network === undefined) throw fail('machine-failed', `the network ${card.network ?? ''}, on which ${name} has a card, does not exist`, { hint: `make it: holdfast network create, or take the card away: holdfast net detach ${name} ${card.mac}` });
      await this.#inTurn(() => this.#ensure(network));
    }
    return () => Promise.resolve();
  }

  async change(machine: { readonly name: string; readonly spec: InstanceSpec }): Promise<void> {
    await this.attach(machine);
  }

  detach(): Promise<void> {
    return Promise.resolve();
  }

  tidy(): Promise<void> {
    return Promise.resolve();
  }

  /** Whoever is not root expects it. */
  tellOnce(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(() => Promise.resolve());
  }

  #all(): readonly PrivateNetwork[] {
    try {
      this.#networks ??= (JSON.parse(readFileSync(this.#path, 'utf8')) as { readonly networks: readonly PrivateNetwork[] }).networks;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#networks = [];
    }
    return this.#networks;
  }

  /** Asking it also makes it stay for as long as a machine takes to connect. */
  async #ensure(network: PrivateNetwork): Promise<void> {
    const path = this.#socket(network);
    if (await answers(path)) return;
    const complaintsPath = join(this.#options.directory, `switch-${network.number}.log`);
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    const { exited } = await startDetached({ tool: process.execPath, package: 'nodejs', args: [...NODE_OPTIONS, this.#options.script, path, String(ALONE_MS)], complaintsPath, env: {} });
    let ended = false;
    void exited.then(() => { ended = true; });
    for (const until = performance.now() + START_MS; performance.now() < until; await sleep(LOOK_MS)) {
      if (await answers(path)) return;
      if (ended) break;
    }
    throw fail('machine-failed', `the switch of the network ${network.name} did not come: ${await lastComplaint(complaintsPath) ?? 'it said nothing'}`);
  }

  #socket(network: PrivateNetwork | undefined): string {
    return join(this.#options.runDirectory, `net-${network?.number ?? 'none'}`);
  }

  async #write(networks: readonly PrivateNetwork[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await writeWhole(this.#path, JSON.stringify({ version: 1, networks }));
    this.#networks = networks;
  }
}

async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = connect(path);
  probe.once('connect', () => { probe.destroy(); resolve(true); });
  probe.once('error', () => resolve(false));
  return await promise;
}
