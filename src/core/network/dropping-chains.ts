/**
 * Finds the chains of others that drop every packet which none of their own rules lets pass, in what `nft list chains` and
 * `nft list table` print. iptables' chains are among them, where iptables is the one that works by nftables.
 */

export interface DroppingChain {
  readonly family: string;
  readonly table: string;
  readonly hook: 'input' | 'forward';
}

/** One that the kernel asks by itself. */
export interface FilterChain extends DroppingChain {
  readonly chain: string;
  readonly policy: 'accept' | 'drop';
}

/** @param listed  by `nft list chains`  @returns those that IPv4 passes; ours left out */
export function filterChains(listed: string): readonly FilterChain[] {
  const found: FilterChain[] = [];
  let [family, table, chain] = ['', '', ''];
  for (const line of listed.split('\n')) {
    [, family = family, table = table] = /^table (\S+) (\S+) \{/.exec(line) ?? [];
    chain = CHAIN.exec(line)?.[1] ?? chain;
    const [, hook, policy] = /type filter hook (input|forward) .*policy (accept|drop);/.exec(line) ?? [];
    if (hook === undefined || table.startsWith('holdfast_') || !['ip', 'inet'].includes(family)) continue;
    found.push({ family, table, chain, hook: hook === 'input' ? 'input' : 'forward', policy: policy === 'drop' ? 'drop' : 'accept' });
  }
  return found;
}

/** @param rules  of its table, by `nft list table` */
export function isDropping({ chain, policy }: FilterChain, rules: string): boolean {
  return (fateIn(chainsOf(rules), chain) ?? policy) === 'drop';
}

const CHAIN = /^\tchain (\S+) \{/;

function chainsOf(rules: string): ReadonlyMap<string, readonly string[]> {
  const chains = new Map<string, string[]>();
  let own: string[] = [];
  for (const line of rules.split('\n')) {
    const name = CHAIN.exec(line)?.[1];
    if (name === undefined) own.push(bare(line));
    else chains.set(name, own = []);
  }
  return chains;
}

/** @returns what becomes of a packet that no rule with a condition is about; undefined: the chain does not say */
function fateIn(chains: ReadonlyMap<string, readonly string[]>, chain: string): 'accept' | 'drop' | undefined {
  for (const rule of chains.get(chain) ?? []) {
    if (ACCEPTS.test(rule)) return 'accept';
    if (DROPS.test(rule)) return 'drop';
    if (rule === 'return') return undefined;
    const [, how, to = ''] = /^(jump|goto) (\S+)$/.exec(rule) ?? [];
    const there = how === undefined ? undefined : fateIn(chains, to);
    if (there !== undefined || how === 'goto') return there;
  }
  return undefined;
}

/** Also what is only about others' interfaces: a guest's packets come in by none that a firewall of others' knows. */
const ACCEPTS = /^(?:iif(?:name)? != (?:\{[^}]*\}|\S+) )?accept$/;
/** The last is how nft prints iptables' own where it cannot translate it. */
const DROPS = /^(?:drop|reject(?: with icmpx? .*)?|xt target "REJECT")$/;

/** Without what decides nothing; IPv4 is what is asked about. */
function bare(line: string): string {
  return line.trim()
    .replace(/ comment "[^"]*"$/, '').replace(/^meta nfproto ipv4 /, '').replace(/\bcounter (?:packets \d+ bytes \d+|name \S+) ?/, '')
    .replace(/\blog(?: prefix "[^"]*"| level \S+| flags (?:all|\S+ \S+)| (?:group|snaplen|queue-threshold) \d+)* ?/, '').trim();
}
