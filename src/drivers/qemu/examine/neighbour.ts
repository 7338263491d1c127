/** What the host's kernel knows of an address on a bridge: who has it, and which way packets for it go. */
import { connect } from 'node:net';
import { run } from '../../../host/process/run.ts';
import type { InstanceSpec } from '../../../core/instance.ts';
import { broken, nothing, well, type Check, type Finding } from '../../check.ts';

/** An instance whose default card is on a bridge says so in its specification. */
export function bridgeAddress({ network }: InstanceSpec & { readonly network?: { readonly kind: string; readonly address: string } }): string | undefined {
  return network?.kind === 'bridge' ? network.address : undefined;
}

const DEADLINE_MS = 3_000;
const ANY_PORT = 22;
/** The kernel asks three times, a second apart (neigh/retrans_time_ms). */
const KNOCK_MS = 3_500;

/** @param bridgeAt  by which of the home's bridges the host is to reach an address; undefined where that is not known */
export function neighbourCheck(spec: InstanceSpec, bridgeAt: (address: string) => Promise<string | undefined>): Check {
  return {
    id: 'neighbour', layer: 'neighbour', title: 'neighbour and route on the host', needs: ['link', 'address'], deadlineMs: 3 * DEADLINE_MS + KNOCK_MS,
    async run(signal) {
      const address = bridgeAddress(spec);
      if (address === undefined) return nothing('it is behind QEMU\'s user network: the host has neither a neighbour nor a route for it');
      const ask = async (...args: readonly string[]): Promise<string> => (await run({ tool: 'ip', args, package: 'iproute2', deadlineMs: DEADLINE_MS, signal })).stdout;
      const bridge = await bridgeAt(address);
      const look = async (): Promise<Finding> => judge({ address, mac: spec.mac, bridge }, ...await Promise.all([ask('-o', 'route', 'get', address), ask('-o', 'neigh', 'show', address)]));
      const first = await look();
      if (first.status !== 'broken') return first;
      // That nobody answered may have been seen before the guest was there: the kernel asks again when there is something to send.
      await knock(address, signal);
      return await look();
    },
  };
}

/** Whatever becomes of it: the kernel has to find the neighbour for it. */
async function knock(address: string, signal: AbortSignal): Promise<void> {
  const socket = connect({ host: address, port: ANY_PORT, timeout: KNOCK_MS, signal });
  await new Promise<void>((resolve) => {
    for (const end of ['connect', 'timeout', 'error'] as const) socket.once(end, () => resolve());
  });
  socket.destroy();
}

interface Expected {
  readonly address: string;
  readonly mac: string;
  /** The device that packets for it are to go out by; undefined where that is not known. */
  readonly bridge: string | undefined;
}

/** @param route  of `ip -o route get`  @param neighbour  of `ip -o neigh show` (iproute2, ip-neighbour(8)) */
export function judge({ address, mac, bridge }: Expected, route: string, neighbour: string): Finding {
  const device = /\bdev (\S+)/.exec(route)?.[1] ?? 'nowhere';
  const astray = bridge !== undefined && device !== bridge;
  if (astray && route.startsWith('local ')) return broken(`the host itself has the address ${address}`, `take it away from the host: ip address show to ${address} names its device`);
  // Only a table that a rule of somebody's leads to is named.
  const table = /\btable (\S+)/.exec(route)?.[1];
  if (astray && table !== undefined) {
    return broken(`the host sends packets for ${address} to ${device} by its table ${table}, not to the home's bridge ${bridge}`,
      `see which rule leads there (ip rule) and what it routes (ip route show table ${table}): whoever made it, such as a VPN, must leave out the subnet of ${bridge}`);
  }
  if (astray) {
    return broken(`the host sends packets for ${address} to ${device}${/\bvia \S/.test(route) ? ' by a router' : ''}, not to the home's bridge ${bridge}`,
      `see what takes it: ip route show match ${address}; whoever made that route, such as a VPN, must leave out the subnet of ${bridge}; where ${bridge} is gone, it is made anew by itself within a minute`);
  }
  if (/\bvia (\S+)/.test(route)) return broken(`the host sends packets for ${address} away by a router (${route.trim().split('\n')[0]})`, `see what takes it: ip route show match ${address}`);
  const known = /\blladdr (\S+)/.exec(neighbour)?.[1]?.toLowerCase();
  if (known !== undefined && known !== mac.toLowerCase()) return broken(`${address} belongs to another card on ${device}: ${known}, not ${mac}`, 'find who else uses this address; a second one must have another');
  if (/\b(FAILED|INCOMPLETE)\b/.test(neighbour)) return broken(`nobody answers for ${address} on ${device}`, 'see the guest\'s link and address above');
  return well(`${address} is ${known ?? 'not asked for yet'}, by ${device}`);
}
