/** The netplan file that a caller names, for `net plan` and `net apply`. */
import type { WireNetworkWish } from '../../../api/network-schemas.ts';
import { readNetplan } from '../../caller-files.ts';
import type { Context } from '../../command.ts';
import { nameFor } from './plan-offline.ts';
import type { NetValues } from './verb.ts';

/** @param path  or `-` for stdin  @throws UsageError */
export async function readWish({ stdin }: Context, path: string, { as, replace }: NetValues): Promise<WireNetworkWish> {
  return { file: nameFor(path, as), text: await readNetplan(path, stdin), ...(replace ? { replace } : {}) };
}
