/** Network cards of a running machine: plugged in behind their root ports, and taken out with the guest's consent. */
import { fail } from '../../core/errors.ts';
import { userSubnet } from '../../core/subnets.ts';
import type { CardPlug } from '../card-networks.ts';
import type { MachineSpec } from '../driver.ts';
import { cardDevice, cardId, netdevOf } from './command-line/devices.ts';
import type { Card } from './command-line/input.ts';
import type { QmpClient } from './qmp/client.ts';

/** A busy emulated guest took more than ten; on a slow host, several times that. */
const UNPLUG_MS = 40_000;

export type PlugOf = (id: string, slot: number, network: string | null) => CardPlug;

/** All cards of a machine, the default one first. */
export function cardsOf({ id, spec }: MachineSpec, plugOf: PlugOf): Card[] {
  const first: Card = {
    slot: 0, mac: spec.mac,
    backend: spec.network === undefined ? { kind: 'user', subnet: userSubnet(spec.subnetIndex) } : plugOf(id, 0, null),
  };
  return [first, ...(spec.cards ?? []).map(({ slot, mac, network }): Card => ({ slot, mac, backend: plugOf(id, slot, network) }))];
}

/** What an earlier daemon has done already stays; the user network is there from the start. @throws machine-failed */
export async function plugCard(monitor: QmpClient, card: Card): Promise<void> {
  if (await isPlugged(monitor, card)) return;
  if (card.backend.kind !== 'user') await addNetdev(monitor, card);
  await monitor.execute('device_add', cardDevice(card));
}

/** @throws machine-failed  another card is in its place */
export async function isPlugged(monitor: QmpClient, { slot, mac }: Card): Promise<boolean> {
  const id = cardId(slot);
  if (!(await monitor.execute('qom-list', { path: '/machine/peripheral' })).some(({ name }) => name === id)) return false;
  const found = await monitor.execute('qom-get', { path: `/machine/peripheral/${id}`, property: 'mac' });
  if (String(found).toLowerCase() === mac.toLowerCase()) return true;
  throw fail('machine-failed', `the place of the network card ${mac} is taken by ${String(found)}, which the guest has not let go of`, { hint: 'restart it, then add the card again' });
}

/** What is left of one that came to no card may lead to another network. */
async function addNetdev(monitor: QmpClient, card: Card): Promise<void> {
  const { id } = netdevOf(card);
  await monitor.execute('netdev_add', netdevOf(card)).catch(async (error: unknown) => {
    if (!/Duplicate/.test(String(error))) throw error;
    await monitor.execute('netdev_del', { id });
    await monitor.execute('netdev_add', netdevOf(card));
  });
}

/**
 * The guest is asked to let go of it; only then is it taken out, with what was behind it.
 * @throws machine-failed when the guest does not: it keeps the card
 */
export async function unplugCard(monitor: QmpClient, name: string, slot: number): Promise<void> {
  const id = cardId(slot);
  const { promise: gone, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(notLetGo(name, slot)), UNPLUG_MS);
  const stop = monitor.onEvent(({ name, data }) => { if (name === 'DEVICE_DELETED' && data['device'] === id) resolve(); }, reject);
  try {
    // Asked before, and too slow then: it may still let go.
    await monitor.execute('device_del', { id }).then(() => gone, (error: unknown) => (/in the process of unplug/.test(String(error)) ? gone : unlessGone(error)));
    // The network behind it would be saved too, with the address that it has given away.
    await monitor.execute('netdev_del', { id }).catch(unlessGone);
  } finally {
    clearTimeout(timer);
    stop();
  }
}

/** The default card is taken out only where a template is made. */
function notLetGo(name: string, slot: number): Error {
  return fail('machine-failed', `the guest of ${name} did not let go of its network card ${slot} within ${UNPLUG_MS / 1000} s`, {
    hint: slot === 0 ? undefined : `restart it, then take the card out again: holdfast restart ${name}, then holdfast net detach ${name} ${slot}`,
  });
}

function unlessGone(error: unknown): void {
  if (!/not found/.test(String(error))) throw error;
}
