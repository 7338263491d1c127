/**
 * Bridges of the host's ethernets, made for instances: agreed to once, made when a machine needs one, gone with the last card
 * on it. One of another home is used as it is, and stays while that one uses it. What is done to them is done one at a time.
 */
import { join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import { bridgeNameFor, MARK } from '../../../core/network/ethernet/moves.ts';
import { oneAtATime } from '../../../core/one-at-a-time.ts';
import { hostBootId } from '../../process/identity.ts';
import { hostLinks } from '../links.ts';
import { hostLock } from '../host-lock.ts';
import { pictureOf } from './look.ts';
import { make, unfit, type MakeParts } from './make.ts';
import { obstacleTo } from './obstacles.ts';
import { ownerOf } from './owner.ts';
import { ethernetFile, type EthernetRecord } from './record.ts';
import { remove } from './remove.ts';
import { settle } from './undo.ts';
import type { Ways } from './way.ts';
import { WAYS, wayOf } from './ways.ts';

export interface EthernetBridgesOptions {
  readonly directory: string;
  /** Of the home. */
  readonly key: () => string;
  readonly guardScript?: string | undefined;
  readonly ways?: Ways;
  readonly log: (cause: string, message: string, remedy?: string) => void;
}

export interface PlannedBridge {
  readonly bridge: string;
  /** Somebody has agreed to it already. */
  readonly agreed: boolean;
}

export class EthernetBridges {
  readonly #parts: MakeParts;
  readonly #options: EthernetBridgesOptions;
  readonly #oneByOne = oneAtATime();

  constructor(options: EthernetBridgesOptions) {
    this.#options = options;
    this.#parts = { file: ethernetFile(join(options.directory, 'bridges.json')), ways: options.ways ?? WAYS, guardScript: options.guardScript };
  }

  /** @throws not-found, not-supported with the reason why it had better not be put into a bridge */
  async plan(ethernet: string): Promise<PlannedBridge> {
    const bridge = bridgeNameFor(ethernet);
    const owner = await ownerOf(ethernet);
    const why = await obstacleTo({ ethernet, bridge }, await pictureOf(ethernet), owner);
    if (why !== undefined) throw unfit(ethernet, why);
    wayOf(this.#parts.ways, owner);
    return { bridge, agreed: await this.#parts.file.of(bridge) !== undefined };
  }

  /** It may be made from now on. @returns its name */
  async agree(ethernet: string): Promise<string> {
    const bridge = bridgeNameFor(ethernet);
    await this.#inTurn(async () => {
      if (await this.#parts.file.of(bridge) === undefined) await this.#parts.file.put({ ethernet, bridge, state: 'agreed', boot: null, had: null, owner: 'nobody', mark: this.#mark });
    });
    return bridge;
  }

  /** Those that Holdfast makes, or has made, for this home. */
  async names(): Promise<readonly string[]> {
    return (await this.#parts.file.all()).map(({ bridge }) => bridge);
  }

  /** Also after a restart of the host. Of another bridge nothing is done. @throws link-missing, not-supported, rolled-back, machine-failed */
  async ensure(bridge: string): Promise<void> {
    const before = await this.#parts.file.of(bridge);
    if (before === undefined || await this.#stands(before)) return;
    await this.#inTurn(async () => {
      const found = await this.#parts.file.of(bridge);
      if (found === undefined || await this.#stands(found)) return;
      const { ethernet } = found;
      const record = await this.#recover(found);
      if (record === undefined) throw fail('machine-failed', `the bridge of ${ethernet} is being removed`, { hint: 'try again' });
      // It may come a moment after the daemon, at the host's start.
      if (!(await hostLinks()).some(({ name }) => name === ethernet)) throw fail('link-missing', `the host has no network card ${ethernet}, of which the bridge ${bridge} is made`, { hint: 'see which there are: holdfast networks' });
      await make(this.#parts, record);
      this.#options.log(`bridge-made ${bridge}`, `${ethernet} is in the bridge ${bridge} now, for instances`);
    });
  }

  /** @param isUsed  by a card, of whichever instance  @returns those that are gone  @throws machine-failed */
  async release(isUsed: (bridge: string) => boolean): Promise<readonly string[]> {
    if ((await this.names()).every(isUsed)) return [];
    return await this.#inTurn(async () => {
      const gone: string[] = [];
      for (const record of await this.#parts.file.all()) {
        if (isUsed(record.bridge)) continue;
        if (await remove(this.#parts, record)) gone.push(record.bridge);
      }
      for (const bridge of gone) this.#options.log(`bridge-gone ${bridge}`, `the bridge ${bridge} is gone, and what was in it has its addresses again`);
      return gone;
    });
  }

  /** What a daemon that died has left half done. */
  async recover(): Promise<void> {
    if ((await this.#parts.file.all()).every(({ state }) => state === 'agreed' || state === 'made')) return;
    await this.#inTurn(async () => {
      for (const record of await this.#parts.file.all()) await this.#recover(record);
    });
  }

  /** @returns what is agreed to still */
  async #recover(record: EthernetRecord): Promise<EthernetRecord | undefined> {
    const { file, ways } = this.#parts;
    const { bridge, ethernet } = record;
    if (await settle(file, ways, record)) this.#options.log(`bridge-undone ${bridge}`, `${ethernet} was half way into or out of the bridge ${bridge} when the daemon ended, and has what it had`);
    return await file.of(bridge);
  }

  /** Whoever has made it. */
  async #stands(record: EthernetRecord): Promise<boolean> {
    const { bridge, ethernet, state } = record;
    if (state === 'making' || state === 'removing') return false;
    if (!(await hostLinks()).some(({ name, master }) => name === ethernet && master === bridge)) return false;
    if (state === 'agreed') await this.#parts.file.put({ ...record, state: 'made', boot: await hostBootId() ?? null, had: null, owner: await ownerOf(bridge) });
    return true;
  }

  get #mark(): string {
    return `${MARK}${this.#options.key().slice(0, 8)}`;
  }

  /** Also of those of other homes. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#oneByOne(async () => {
      using _lock = await hostLock('ethernets');
      return await work();
    });
  }
}
