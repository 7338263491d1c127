/**
 * Brings the network of a home up (rules, bridge, forwarding, dnsmasq), puts back what is missing of it, and takes it down
 * without a trace. Everything in it can be done again; whoever calls sees to it that one thing is done at a time.
 */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ruleset, rulesetRemoval } from '../../core/network/ruleset.ts';
import { hostBootId } from '../process/identity.ts';
import { writeWhole } from '../write-whole.ts';
import { ownCards, type Attachments } from './attachments.ts';
import { ensureBridge, ensureTap, removeLink } from './bridge.ts';
import { Dnsmasq } from './dnsmasq.ts';
import { switchForwardingOff, switchForwardingOn } from './forwarding.ts';
import { NOT_SWITCHED, type HomeRecord } from './home-record.ts';
import { hasDefaultRoute6, hostLinks } from './links.ts';
import { requireFreeSubnet } from './subnets.ts';
import { nftHas, nftLoad } from './tools.ts';

export class HomeBridge {
  readonly #directory: string;
  readonly #record: HomeRecord;
  readonly #attachments: Attachments;
  #dnsmasq: Dnsmasq | undefined;

  constructor(directory: string, record: HomeRecord, attachments: Attachments) {
    this.#directory = directory;
    this.#record = record;
    this.#attachments = attachments;
  }

  /** For the cards that are attached. @throws tool-missing, machine-failed */
  async up(): Promise<void> {
    const network = await this.#record.network();
    await mkdir(this.#directory, { recursive: true });
    // dnsmasq, under a user of its own, reads its lists again when they change.
    await chmod(this.#directory, 0o711);
    await requireFreeSubnet(network);
    const cards = ownCards(await this.#attachments.cards());
    // The rules first: no card speaks without them.
    await this.#loadRules(ruleset(network, cards));
    await ensureBridge(network);
    const switched = await switchForwardingOn(network.prefix6 !== null && await hasDefaultRoute6());
    const before = (await this.#record.read())?.switched ?? NOT_SWITCHED;
    await this.#record.remember({ workedIn: await hostBootId() ?? null, told: null, switched: { ipv4: before.ipv4 || switched.ipv4, ipv6: before.ipv6 || switched.ipv6 } });
    await (await this.#served()).serve(cards);
  }

  async down(): Promise<void> {
    const network = await this.#record.network();
    await (await this.#served()).stop();
    this.#dnsmasq = undefined;
    await removeLink(network.bridge);
    if (await nftHas('inet', network.table) || await nftHas('bridge', network.table)) await this.#loadRules(rulesetRemoval(network));
    const record = await this.#record.read();
    // Other homes, and whoever else has bridges, may need it.
    if (record !== undefined && !(await hostLinks()).some(({ kind }) => kind === 'bridge')) await switchForwardingOff(record.switched);
    if (record !== undefined) await this.#record.remember({ switched: NOT_SWITCHED });
    // Machines may have cards on bridges of the host's still.
    const kept = (await this.#attachments.all()).size > 0 ? ['network.json', 'networks.json', 'machines'] : ['network.json', 'networks.json'];
    for (const name of await readdir(this.#directory).catch(() => [] as string[])) {
      if (!kept.includes(name)) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  /** Whether what dies most easily lives; false also while nobody has asked for the network. */
  async isServed(): Promise<boolean> {
    return await this.#dnsmasq?.isRunning() === true;
  }

  /** @returns what was missing, and is there again  @throws tool-missing, machine-failed */
  async repair(): Promise<readonly string[]> {
    const missing = await this.#missing();
    if (missing.length === 0) return [];
    await this.up();
    await this.#plugBack();
    return missing;
  }

  async #missing(): Promise<string[]> {
    const network = await this.#record.network();
    const links = await hostLinks();
    const loose = (await this.#attachments.cards()).filter(({ tap, bridge }) => links.some(({ name, master }) => name === tap && master !== (bridge ?? network.bridge)));
    return [
      ...(await (await this.#served()).isRunning() ? [] : ['its dnsmasq']),
      ...(links.some(({ name, up }) => name === network.bridge && up) ? [] : ['its bridge']),
      ...(await nftHas('inet', network.table) && await nftHas('bridge', network.table) ? [] : ['its firewall rules']),
      ...loose.map(({ tap }) => `the bridge of ${tap}`),
    ];
  }

  /** Taps outlive the bridge that they were on. */
  async #plugBack(): Promise<void> {
    const network = await this.#record.network();
    const links = await hostLinks();
    for (const { tap, bridge } of await this.#attachments.cards()) {
      if (links.some(({ name, master }) => name === tap && master !== (bridge ?? network.bridge))) await ensureTap(tap, 0, bridge ?? network.bridge);
    }
  }

  async #served(): Promise<Dnsmasq> {
    return this.#dnsmasq ??= new Dnsmasq(await this.#record.network(), this.#directory);
  }

  async #loadRules(text: string): Promise<void> {
    const path = join(this.#directory, 'rules.nft');
    await mkdir(this.#directory, { recursive: true, mode: 0o711 });
    await writeWhole(path, text);
    await nftLoad(path);
  }
}
