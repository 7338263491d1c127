/** Which ethernets of the host may be in a bridge for this home's instances, and how far each is: what somebody agreed to is remembered. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Pair } from '../../../core/network/ethernet/moves.ts';
import type { Picture } from '../../../core/network/ethernet/picture.ts';
import { writeWhole } from '../../write-whole.ts';
import type { Owner } from './owner.ts';

export interface EthernetRecord extends Pair {
  /** agreed: nothing has been done. making: to be undone where it is found. made: it stands, in that boot of the host. removing: to be gone on with. */
  readonly state: 'agreed' | 'making' | 'made' | 'removing';
  readonly boot: string | null;
  /** Who configured the ethernet when it was made. */
  readonly owner: Owner;
  /** What the bridge is marked with: this home. */
  readonly mark: string;
  /** Before it was made, or before it is removed: what the ethernet is to have again. */
  readonly had: Picture | null;
}

/** In a directory of its own, which is there while there is something to remember. */
export interface EthernetFile {
  readonly path: string;
  all(): Promise<readonly EthernetRecord[]>;
  of(bridge: string): Promise<EthernetRecord | undefined>;
  put(record: EthernetRecord): Promise<void>;
  forget(bridge: string): Promise<void>;
}

export function ethernetFile(path: string): EthernetFile {
  const all = async (): Promise<readonly EthernetRecord[]> => {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    return text === undefined ? [] : (JSON.parse(text) as { readonly bridges: readonly EthernetRecord[] }).bridges;
  };
  const write = async (bridges: readonly EthernetRecord[]): Promise<void> => {
    if (bridges.length === 0) return await rm(dirname(path), { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeWhole(path, JSON.stringify({ version: 1, bridges }));
  };
  return {
    path, all,
    of: async (bridge) => (await all()).find((each) => each.bridge === bridge),
    put: async (record) => await write([...(await all()).filter(({ bridge }) => bridge !== record.bridge), record]),
    forget: async (name) => await write((await all()).filter(({ bridge }) => bridge !== name)),
  };
}
