/** Tables of somebody else's that drop what guests send, as far as that can be told. */
import { filterChains, isDropping, type DroppingChain } from '../../core/network/dropping-chains.ts';
import { nftTable, tryRun } from './tools.ts';

/** A table that names a bridge of Holdfast's (of any home's: `hf-…`) is taken to let it pass; iptables of before nftables cannot be seen. */
export async function droppedBy(): Promise<readonly DroppingChain[]> {
  const chains = filterChains(await tryRun('nft', ['list', 'chains']) ?? '');
  const rules = await Promise.all(chains.map(({ family, table }) => nftTable(family, table)));
  return chains.filter((chain, index) => isDropping(chain, rules[index] ?? '') && !rules[index]?.includes('"hf-'))
    .map(({ family, table, hook }) => ({ family, table, hook }));
}
