/**
 * Forwarding as the zones of a home need it, each family's for itself: what Holdfast has switched on goes off again when no
 * home of the host needs it any more, whichever it was switched on for.
 */
import type { ZoneNetwork } from '../../core/network/home-network.ts';
import { mayNeed, needsStill } from '../../core/network/who-forwards.ts';
import { forwardingThatIsOff, isForwarding, switchForwardingOff, switchForwardingOn, type Switched } from './forwarding.ts';
import { readForwarding, writeForwarding, type ForwardingRecord, type HomeNeed } from './forwarding-record.ts';
import type { HomeRecord } from './home-record.ts';
import { hostLock } from './host-lock.ts';
import { hasDefaultRoute6, hostLinks, type HostLink } from './links.ts';
import { readRecord } from './record.ts';

/** @param zones  those that are up: their bridges are there @throws instance-busy */
export async function forward(record: HomeRecord, zones: readonly ZoneNetwork[]): Promise<void> {
  const need = await needOf(record, zones);
  // A launch waits for this, and hardly ever is there anything to do.
  if (await isMet(await readForwarding(), record.key, need)) return;
  using _lock = await hostLock('forwarding');
  const { switched, homes } = await readForwarding();
  const off = await forwardingThatIsOff(need.ipv6);
  // Before it is done, or a daemon that is killed over it leaves a host that forwards for good.
  await writeForwarding({ switched: both(both(switched, await record.switchedEarlier()), off), homes: { ...homes, [record.key]: need } });
  await record.forgetSwitched();
  await switchForwardingOn(off);
}

/** @param zones  those that are left @throws instance-busy */
export async function forwardLess(record: HomeRecord, zones: readonly ZoneNetwork[]): Promise<void> {
  const earlier = await record.switchedEarlier();
  const isNothing = ({ switched, homes }: ForwardingRecord): boolean => !switched.ipv4 && !switched.ipv6 && homes[record.key] === undefined;
  if (!earlier.ipv4 && !earlier.ipv6 && isNothing(await readForwarding())) return;
  using _lock = await hostLock('forwarding');
  const before = await readForwarding();
  const links = await hostLinks();
  const { [record.key]: _own, ...others } = before.homes;
  const homes = { ...await living(others, links), ...(zones.length === 0 ? {} : { [record.key]: await needOf(record, zones) }) };
  const isStrange = links.some((link) => mayNeed(link, [record.key, ...Object.keys(before.homes)]));
  const needs = Object.values(homes);
  const switched = both(before.switched, earlier);
  const off = { ipv4: switched.ipv4 && !isStrange && needs.length === 0, ipv6: switched.ipv6 && !isStrange && !needs.some(({ ipv6 }) => ipv6) };
  await switchForwardingOff({ ...off, listening: off.ipv6 ? switched.listening ?? [] : [] });
  // After it is done, so that one that is killed over it leaves it to the next.
  await writeForwarding({ homes, switched: { ipv4: switched.ipv4 && !off.ipv4, ipv6: switched.ipv6 && !off.ipv6, listening: off.ipv6 ? [] : switched.listening ?? [] } });
  await record.forgetSwitched();
}

/** @param zones  those that are up  @returns whether the host forwards as they need it now, and does so while they are: a way out that is gone changes nothing */
export async function forwards(record: HomeRecord, zones: readonly ZoneNetwork[]): Promise<boolean> {
  const known = (await readForwarding()).homes[record.key];
  const need = await needOf(record, zones);
  return known?.record === need.record && (known.ipv6 || !need.ipv6) && await isForwarding({ ipv4: true, ipv6: need.ipv6 });
}

async function isMet({ homes }: ForwardingRecord, key: string, need: HomeNeed): Promise<boolean> {
  const known = homes[key];
  return known?.record === need.record && known.ipv6 === need.ipv6 && await isForwarding({ ipv4: true, ipv6: need.ipv6 });
}

async function living(homes: ForwardingRecord['homes'], links: readonly HostLink[]): Promise<ForwardingRecord['homes']> {
  const found = await Promise.all(Object.entries(homes).map(async ([key, need]) => (
    needsStill(key, (await readRecord(need.record))?.key === key, links) ? [[key, need] as const] : [])));
  return Object.fromEntries(found.flat());
}

/** From zone to zone the host forwards as well, and for IPv6 that is its whole affair. */
async function needOf({ path }: HomeRecord, zones: readonly ZoneNetwork[]): Promise<HomeNeed> {
  return { record: path, ipv6: zones.some(({ prefix6 }) => prefix6 !== null) && (zones.length > 1 || await hasDefaultRoute6()) };
}

function both(one: Switched, other: Switched): Switched {
  return { ipv4: one.ipv4 || other.ipv4, ipv6: one.ipv6 || other.ipv6, listening: [...new Set([...one.listening ?? [], ...other.listening ?? []])] };
}
