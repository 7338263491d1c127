/** Forwarding as the zones of a home need it, each family's for itself: what is switched on goes off again when it is not needed any more. */
import { MARK } from '../../core/network/ethernet/moves.ts';
import type { ZoneNetwork } from '../../core/network/home-network.ts';
import { isOwnBridge } from '../../core/network/own-networks.ts';
import { forwardingThatIsOff, isForwarding, switchForwardingOff, switchForwardingOn, type Switched } from './forwarding.ts';
import type { HomeRecord } from './home-record.ts';
import { hasDefaultRoute6, hostLinks } from './links.ts';

/** @param zones  those that are up */
export async function forward(record: HomeRecord, zones: readonly ZoneNetwork[]): Promise<void> {
  const off = await forwardingThatIsOff(await needs6(zones));
  if (!off.ipv4 && !off.ipv6) return;
  const before = await record.switched();
  // Before it is done, or a daemon that is killed over it leaves a host that forwards for good.
  await record.rememberSwitched({
    ipv4: before.ipv4 || off.ipv4, ipv6: before.ipv6 || off.ipv6, listening: [...new Set([...before.listening ?? [], ...off.listening ?? []])],
  });
  await switchForwardingOn(off);
}

/** @param zones  those that are left */
export async function forwardLess(record: HomeRecord, zones: readonly ZoneNetwork[]): Promise<void> {
  const switched = await record.switched();
  const none = zones.length === 0;
  const off: Switched = { ...switched, ipv4: switched.ipv4 && none, ipv6: switched.ipv6 && !(await needs6(zones)) };
  if (!none && !off.ipv6) return;
  // Other homes, and whoever else has bridges, may need it; a bridge of an ethernet's does not, nor a closed one.
  const others = (await hostLinks()).some(({ name, kind, alias }) => kind === 'bridge' && alias?.startsWith(MARK) !== true && !record.bridges.includes(name) && !isOwnBridge(record.key, name));
  if (!others) await switchForwardingOff({ ...off, listening: off.ipv6 ? off.listening ?? [] : [] });
  if (none || !others) await record.rememberSwitched(none ? undefined : { ipv4: switched.ipv4, ipv6: false });
}

/** @param zones  those that are up  @returns whether what was switched on for them is on still */
export async function forwards(switched: Switched, zones: readonly ZoneNetwork[]): Promise<boolean> {
  return await isForwarding({ ...switched, ipv6: switched.ipv6 && await needs6(zones) });
}

/** From zone to zone the host forwards as well, and for IPv6 that is its whole affair. */
async function needs6(zones: readonly ZoneNetwork[]): Promise<boolean> {
  return zones.some(({ prefix6 }) => prefix6 !== null) && (zones.length > 1 || await hasDefaultRoute6());
}
