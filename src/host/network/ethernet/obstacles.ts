/** Says why an ethernet of the host had better not be put into a bridge, before anything is changed. */
import { readFile } from 'node:fs/promises';
import { isPlainName, type Pair } from '../../../core/network/ethernet/moves.ts';
import type { Picture } from '../../../core/network/ethernet/picture.ts';
import { hostLinks } from '../links.ts';
import { ipJson, tryRun } from '../tools.ts';
import { leaseHolder, type Owner } from './owner.ts';

/** @returns the reason; undefined when nothing speaks against it */
export async function obstacleTo({ ethernet, bridge }: Pair, had: Picture, owner: Owner): Promise<string | undefined> {
  if (!isPlainName(ethernet)) return 'its name has characters that cannot be handled';
  const links = await hostLinks();
  const master = links.find(({ name }) => name === ethernet)?.master;
  if (master !== undefined) return `it belongs to ${master} already`;
  if (links.some(({ name }) => name === bridge)) return `its bridge would be called ${bridge}, and the host has a link of that name already`;
  const rules = await namedInRules(ethernet);
  if (rules !== undefined) return `${rules}, which would not hold for its bridge`;
  if ((await readFile('/proc/net/pppoe', 'utf8').catch(() => '')).split(/\s+/).includes(ethernet)) return 'a PPPoE session goes over it';
  return owner === 'nobody' ? await leaseOf(ethernet, had) : undefined;
}

/** A firewall that lets the host be reached by this card only would shut it. */
async function namedInRules(ethernet: string): Promise<string | undefined> {
  if ((await tryRun('nft', ['list', 'ruleset']))?.includes(`"${ethernet}"`)) return `rules of the host's firewall name it (nft list ruleset)`;
  for (const tool of ['iptables-legacy-save', 'ip6tables-legacy-save']) {
    if (new RegExp(`-[io] ${ethernet.replaceAll('.', '\\.')}(?:\\s|$)`, 'm').test(await tryRun(tool, []) ?? '')) return `rules of the host's firewall name it (${tool})`;
  }
  const policy = [...await ipJson('-4', 'rule', 'show'), ...await ipJson('-6', 'rule', 'show').catch(() => [])];
  return policy.some(({ iif, oif }) => iif === ethernet || oif === ethernet) ? 'rules of the host\'s routing name it (ip rule)' : undefined;
}

async function leaseOf(ethernet: string, { addresses }: Picture): Promise<string | undefined> {
  const client = await leaseHolder(ethernet);
  if (client !== undefined) return `${client} has a lease for it, and could not renew it`;
  const lent = addresses.find(({ family, lifetime }) => family === 4 && lifetime.length > 0);
  return lent === undefined ? undefined : `its address ${lent.address} is lent for a time, and it cannot be seen who renews it`;
}
