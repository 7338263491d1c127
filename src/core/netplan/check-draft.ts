/** What a definition must have once the file that says it has been read; a later file cannot make up for it. */
import { parseIp } from './address.ts';
import type { Draft } from './draft.ts';
import type { Family } from './facts.ts';
import { requireKnown, type Reading } from './reading.ts';
import { refuse } from './refused.ts';
import { quoted, readUint } from './values.ts';

/** @throws Refused */
export function checkDraft(draft: Draft, reading: Reading): void {
  const { id, type, place, places } = draft;
  const value = (key: string): string | undefined => draft.values.get(key)?.text;
  const lacks = (key: string): never => refuse('lacks-key', `${id} lacks ${key}, which one of ${type} needs`, place);
  if (places.has('set-name') && !places.has('match')) refuse('set-name-without-match', `${id} has set-name, which needs match`, places.get('set-name') ?? place);
  if (value('ipv6-address-token') !== undefined && value('ipv6-address-generation') !== undefined) {
    refuse('token-and-generation', `${id} has ipv6-address-token and ipv6-address-generation; one of them can be had`, places.get('ipv6-address-token') ?? place);
  }
  switch (type) {
    case 'vlans': {
      const vlan = draft.values.get('id') ?? lacks('id');
      if (value('link') === undefined) lacks('link');
      if (readUint(vlan.text, vlan.place) > 4094) refuse('bad-value', `the VLAN id ${quoted(vlan.text)} is not between 0 and 4094`, vlan.place);
      return;
    }
    case 'vrfs': if (value('table') === undefined) lacks('table'); return;
    case 'wifis': if (!places.has('access-points')) lacks('access-points'); return;
    case 'bonds':
      if (OPEN_VSWITCH_MODES.has(value('parameters.mode') ?? '')) draft.opaque.push({ key: 'openvswitch', place: places.get('parameters') ?? place });
      return;
    case 'tunnels': checkTunnel(draft, reading); return;
    case 'virtual-ethernets': checkPeer(draft, reading); return;
    default:
  }
}

/** A bond of these modes is one of Open vSwitch. */
const OPEN_VSWITCH_MODES = new Set(['balance-tcp', 'balance-slb']);

const ENDS_IPV6 = new Set(['ip6gre', 'ip6gretap', 'ip6ip6', 'ipip6', 'vti6']);

function checkTunnel({ id, place, values, opaque }: Draft, { rules }: Reading): void {
  const mode = values.get('mode')?.text;
  const local = values.get('local');
  const remote = values.get('remote');
  if (mode === undefined) return refuse('lacks-key', `the tunnel ${id} lacks mode`, place);
  const ttl = values.get('ttl');
  if (ttl && (Number(ttl.text) < 1 || Number(ttl.text) > 255)) refuse('bad-value', `the ttl of ${id} is not between 1 and 255`, ttl.place);
  if (mode === 'wireguard') {
    const key = values.get('key');
    const known = key !== undefined && (key.text === '' || key.text.startsWith('/') || /^[A-Za-z0-9+/]{42,43}=?=?$/.test(key.text));
    if (!rules.has('wireguard-lax') && !opaque.some((each) => each.key === 'peers')) refuse('lacks-key', `the WireGuard tunnel ${id} lacks peers, of which this version of netplan wants one at least`, place);
    if (!known) refuse('bad-value', `the WireGuard tunnel ${id} needs a private key, or the path of one`, key?.place ?? place);
    return;
  }
  if (mode === 'vxlan') {
    const vni = values.get('id') ?? refuse('lacks-key', `the VXLAN ${id} lacks id`, place);
    if (Number(vni.text) < 1 || Number(vni.text) > 16_777_215) refuse('bad-value', `the id of the VXLAN ${id} is not between 1 and 16777215`, vni.place);
    return;
  }
  if (local === undefined && !rules.has('tunnel-without-local')) refuse('lacks-key', `the tunnel ${id} lacks local`, place);
  if (remote === undefined) return refuse('lacks-key', `the tunnel ${id} lacks remote`, place);
  const wanted: Family = ENDS_IPV6.has(mode) ? 6 : 4;
  for (const end of [local, remote]) {
    if (end && parseIp(end.text)?.family !== wanted) refuse('family-mismatch', `a tunnel of mode ${mode} has IPv${wanted} ends, and ${quoted(end.text)} is none`, end.place);
  }
}

function checkPeer(draft: Draft, reading: Reading): void {
  const { id, place, values, renderer } = draft;
  const { known, merging } = reading;
  const peer = values.get('peer') ?? refuse('lacks-key', `${id} lacks peer, the other end of the pair`, place);
  if ((renderer ?? merging.renderer) === 'NetworkManager' && !known.has(peer.text)) return;
  requireKnown(reading, draft, peer);
  if (peer.text === id) refuse('bad-peer', `${id} cannot be its own other end`, peer.place);
  if (known.get(peer.text) !== 'virtual-ethernets') refuse('bad-peer', `${peer.text} is none of virtual-ethernets`, peer.place);
  const back = merging.drafts.get(peer.text)?.values.get('peer')?.text;
  if (back !== undefined && back !== id) refuse('bad-peer', `${peer.text} is the other end of ${back} already`, peer.place);
  if (back === undefined) refuse('bad-peer', `${peer.text} does not name ${id} as its peer`, peer.place);
}
