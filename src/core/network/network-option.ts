/** What `--network` is given: `eth0`, or `name=eth0,mode=manual,mac=52:54:00:12:34:56`; with Multipass's words where it is wrong. */
import { fail } from '../errors.ts';
import { requireFixed, type FixedAddress } from './fixed-address.ts';

export interface NetworkWish {
  readonly name: string;
  readonly mode: 'auto' | 'manual';
  readonly mac?: string;
  /** A static address from birth; by DHCP without. */
  readonly fixed?: FixedAddress;
}

/** The name under which the home's own network is asked for and listed. */
export const OWN_NETWORK = 'holdfast';
/** Stands for what `local.bridged-network` says. */
export const BRIDGED = 'bridged';

const FIELDS = ['name', 'mode', 'mac', 'ip', 'gateway', 'dns'];

/** @throws bad-argument */
export function parseNetworkOption(text: string): NetworkWish {
  if (!text.includes('=')) return { name: text, mode: 'auto' };
  const fields = new Map<string, string>();
  const dns: string[] = [];
  for (const field of text.split(',')) {
    const at = field.indexOf('=');
    const key = field.slice(0, Math.max(0, at)).toLowerCase();
    if (at < 0 || !FIELDS.includes(key)) throw fail('bad-argument', `Bad network field: ${at < 0 ? field : key}`, { hint: HINT });
    // There may be several.
    if (key === 'dns') dns.push(field.slice(at + 1));
    else fields.set(key, field.slice(at + 1));
  }
  const name = fields.get('name');
  if (!name) throw fail('bad-argument', 'Bad network definition, need at least a \'name\' field', { hint: HINT });
  const [mac, ip, gateway] = [fields.get('mac'), fields.get('ip'), fields.get('gateway')];
  const mode = requireMode(fields.get('mode') ?? 'auto');
  if (ip === undefined && (gateway !== undefined || dns.length > 0)) throw fail('bad-argument', `Bad network definition: ${gateway === undefined ? 'dns' : 'gateway'} belongs to an 'ip'`, { hint: HINT });
  if (ip !== undefined && mode === 'manual') throw fail('bad-argument', 'Bad network definition: an \'ip\' is set by Holdfast, and mode=manual leaves the card to you', { hint: HINT });
  return { name, mode, ...(mac === undefined ? {} : { mac: requireMac(mac) }), ...(ip === undefined ? {} : { fixed: requireFixed(ip, gateway, dns) }) };
}

/** @throws bad-argument */
export function requireMode(text: string): 'auto' | 'manual' {
  const mode = text.toLowerCase();
  if (mode === 'auto' || mode === 'manual') return mode;
  throw fail('bad-argument', `Bad network mode '${text}', need 'auto' or 'manual'`);
}

/** Lower case. A group's address (the first octet is odd) belongs to no card. @throws bad-argument */
export function requireMac(text: string): string {
  const mac = text.toLowerCase();
  if (/^[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00') return mac;
  throw fail('bad-argument', `Invalid MAC address: ${text}`, { hint: 'for example 52:54:00:12:34:56' });
}

const HINT = 'write it as: <name>, or name=<name>,mode=auto|manual,mac=<address>, or name=<name>,ip=<address/prefix>,gateway=<address>,dns=<address>; see: holdfast networks';
