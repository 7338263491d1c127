/**
 * Finds the chains of others that drop every packet which none of their own rules lets pass, in what `nft list chains` prints.
 * iptables' chains are among them, where iptables is the one that works by nftables.
 */

export interface DroppingChain {
  readonly family: string;
  readonly table: string;
  readonly hook: 'input' | 'forward';
}

/** @returns of those that IPv4 passes; ours left out */
export function droppingChains(listed: string): readonly DroppingChain[] {
  const found: DroppingChain[] = [];
  let table: { family: string; name: string } | undefined;
  for (const line of listed.split('\n')) {
    const [, family, name] = /^table (\S+) (\S+) \{/.exec(line) ?? [];
    if (family !== undefined && name !== undefined) table = { family, name };
    const hook = /type filter hook (input|forward) .*policy drop;/.exec(line)?.[1];
    if (table === undefined || hook === undefined || table.name.startsWith('holdfast_') || !['ip', 'inet'].includes(table.family)) continue;
    found.push({ family: table.family, table: table.name, hook: hook === 'input' ? 'input' : 'forward' });
  }
  return found;
}
