/**
 * A host of nothing but links and tables, in the place of `ip` and `nft`: `vi.mock('./tools.ts', async () => (await
 * import('…/fake-kernel.ts')).tools)`. As the kernel does, it makes no link twice.
 */
import { readFile } from 'node:fs/promises';

interface FakeLink {
  readonly kind: 'bridge' | 'tun';
  master?: string;
  up: boolean;
  readonly addresses: string[];
}

export const kernel = {
  links: new Map<string, FakeLink>(),
  /** By `inet <name>`. */
  tables: new Map<string, string>(),
  /** What a failing tool says, by a word of its command. */
  refuses: new Map<string, string>(),
  clear(): void {
    for (const each of [kernel.links, kernel.tables, kernel.refuses]) each.clear();
  },
};

function requireAllowed(words: readonly string[]): void {
  for (const [word, said] of kernel.refuses) if (words.includes(word)) throw new Error(said);
}

function add(name: string, kind: FakeLink['kind']): void {
  if (kernel.links.has(name)) throw new Error('RTNETLINK answers: File exists');
  kernel.links.set(name, { kind, up: false, addresses: [] });
}

export const tools = {
  async ip(...words: readonly string[]): Promise<void> {
    const after = (word: string): string => words[words.indexOf(word) + 1] ?? '';
    requireAllowed(words);
    if (words[0] === 'tuntap') return add(after('dev'), 'tun');
    if (words[1] === 'add') return add(after('name'), 'bridge');
    const link = kernel.links.get(after('dev'));
    if (link === undefined) throw new Error(`Cannot find device "${after('dev')}"`);
    if (words[1] === 'delete') return void kernel.links.delete(after('dev'));
    if (words[0] === 'address') return void link.addresses.push(after('replace'));
    if (words.includes('master')) link.master = after('master');
    link.up ||= words.includes('up');
  },
  ipJson(...words: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    return Promise.resolve(words.includes('route') ? [] : [...kernel.links].map(([ifname, { kind, master, up, addresses }]) => (
      { ifname, linkinfo: { info_kind: kind }, master, flags: up ? ['UP'] : [], addr_info: addresses.map((each) => ({ local: each.split('/')[0], prefixlen: each.split('/')[1] })) })));
  },
  nftFamilies: (table: string): Promise<ReadonlySet<string>> => Promise.resolve(new Set([...kernel.tables.keys()].flatMap((each) => (each.endsWith(` ${table}`) ? [each.split(' ')[0] ?? ''] : [])))),
  nftTable: (family: string, table: string): Promise<string> => Promise.resolve(kernel.tables.get(`${family} ${table}`) ?? ''),
  async nftLoad(path: string): Promise<void> {
    requireAllowed(['nft']);
    const text = await readFile(path, 'utf8');
    for (const [, table = ''] of text.matchAll(/^delete table (.*)$/gm)) kernel.tables.delete(table);
    for (const [block, table = ''] of text.matchAll(/^table (\S+ \S+) \{\n[^]*?^\}\n/gm)) kernel.tables.set(table, block);
  },
};
