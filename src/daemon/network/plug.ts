/** Network cards that come and go: recorded first, so that the next start has them; in a machine that runs, at once. */
import type { WireCardWish, WireOperation } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';
import type { ExtraCard } from '../../core/instance.ts';
import { OWN_NETWORK } from '../../core/network/network-option.ts';
import type { House } from '../instances/house.ts';
import type { Result, Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { checkWishes, specifyCard } from './extra-cards.ts';
import type { Place } from './home-subnet.ts';
import { bringBridges, giveUpBridges } from './host-bridges.ts';
import { tellOfCards } from './keep-cards.ts';

export const CARD_STEPS = ['plug', 'tell'] as const;
export const CARD_KINDS = ['net-attach', 'net-detach'] as const;

/** As it is kept with the operation: all that the next daemon needs to do it again. */
export interface CardChange {
  readonly attach?: ExtraCard;
  readonly detach?: number;
  /** Of the host's, for the card that is attached: it is put into a bridge first, as was agreed. */
  readonly ethernet?: string;
}

export async function attachCard(house: House, name: string, { network, mode, mac, makeBridge }: WireCardWish): Promise<WireOperation> {
  const [wish] = await checkWishes(house, placeOf(requireChangeable(house, name)), [{ name: network ?? OWN_NETWORK, mode: mode ?? 'auto', ...(mac === undefined ? {} : { mac }) }], makeBridge);
  if (wish === undefined) throw new TypeError('a wish went missing');
  // It may have been suspended or removed meanwhile.
  const supervisor = requireChangeable(house, name);
  const { spec } = supervisor.record.instance;
  // Recorded in the same turn: of two that are asked for at once, each has an address of its own.
  const card = specifyCard(wish, spec.cards ?? [], house.registry.everybodys.map(({ record }) => record.instance));
  return begin(house, supervisor, 'net-attach', { attach: card, ...(wish.ethernet === undefined ? {} : { ethernet: wish.ethernet }) });
}

export function placeOf({ record: { instance: { zone, spec } } }: Supervisor): Place {
  return { zone, address: spec.network?.address };
}

/** @param which  a MAC, or a number that `net list` shows */
export function detachCard(house: House, name: string, which: string): WireOperation {
  const supervisor = requireChangeable(house, name);
  const { mac, cards = [] } = supervisor.record.instance.spec;
  if (which === '0' || which.toLowerCase() === mac) {
    throw fail('not-supported', `the default card of ${name} (${mac}) cannot be taken out`, { hint: 'only cards that were added can: see holdfast net list' });
  }
  const card = cards.find((each) => String(each.slot) === which || each.mac === which.toLowerCase());
  if (card === undefined) throw fail('not-found', `${name} has no card ${which}`, { hint: `see which it has: holdfast net list ${name}` });
  return begin(house, supervisor, 'net-detach', { detach: card.slot });
}

function begin(house: House, supervisor: Supervisor, kind: (typeof CARD_KINDS)[number], change: CardChange): WireOperation {
  const busy = supervisor.occupation;
  if (busy) throw supervisor.busy(busy);
  const operation = house.engine.begin({
    kind, instanceName: supervisor.name, instanceId: supervisor.id, request: change, owner: house.owner,
    body: async (task) => {
      using _busy = occupied;
      return await carryOut(house, supervisor, change, task);
    },
  });
  const occupied = supervisor.occupy({ operation: operation.id, kind });
  if (change.attach) record(supervisor, change.attach.slot, change.attach);
  return operation;
}

/** What the next daemon does with one that was interrupted: done again it comes to the same. */
export async function changeCards(house: House, supervisor: Supervisor, kind: string, change: CardChange, task: Task): Promise<Result> {
  using _busy = supervisor.occupy({ operation: task.id, kind });
  return await carryOut(house, supervisor, change, task);
}

async function carryOut(house: House, supervisor: Supervisor, { attach, detach, ethernet }: CardChange, task: Task): Promise<Result> {
  const slot = attach?.slot ?? detach ?? 0;
  const live = supervisor.machine !== undefined;
  const begins = (): void => {
    task.step('plug');
    task.progress(attach ? `Adding a network card to ${supervisor.name}` : `Taking a network card out of ${supervisor.name}`);
  };
  if (attach) {
    await plugIn(house, supervisor, attach, { before: undefined, prepare: async () => {
      begins();
      await bringBridges(house, ethernet === undefined ? [] : [ethernet], task);
    } });
  } else {
    begins();
    await takeOut(house, supervisor, slot);
  }
  task.step('tell');
  const told = !live || await tellOfCards(supervisor, task.signal).catch((error: unknown) => {
    task.signal.throwIfAborted();
    task.notice(error instanceof Error ? error.message : String(error));
    return true;
  });
  if (!told) task.notice(`${supervisor.name} does not answer: it is told of its cards when it does`);
  return attach ? { mac: attach.mac, index: String(slot) } : {};
}

interface PlugIn {
  /** What its slot has where this fails. */
  readonly before: ExtraCard | undefined;
  /** What the card needs, once it is recorded. */
  readonly prepare?: () => Promise<void>;
}

/** Also one that is there, and has another address now. */
export async function plugIn(house: House, supervisor: Supervisor, card: ExtraCard, { before, prepare }: PlugIn): Promise<void> {
  record(supervisor, card.slot, card);
  try {
    await prepare?.();
    if (supervisor.machine) await house.driver.plug?.(supervisor.machineSpec, card.slot);
  } catch (error) {
    record(supervisor, card.slot, before);
    await giveUpBridges(house);
    throw error;
  }
}

export async function takeOut(house: House, supervisor: Supervisor, slot: number): Promise<void> {
  if (supervisor.machine) await house.driver.unplug?.(supervisor.machineSpec, slot);
  record(supervisor, slot, undefined);
  await giveUpBridges(house);
}

/** What else its specification says is left alone: it may have been changed meanwhile. */
function record(supervisor: Supervisor, slot: number, card: ExtraCard | undefined): void {
  const { spec } = supervisor.record.instance;
  const others = (spec.cards ?? []).filter((each) => each.slot !== slot);
  supervisor.respecify({ ...spec, cards: card === undefined ? others : [...others, card] });
}

/** Of a machine that is saved, or on its way somewhere, the cards stay what they are. @throws instance-not-found, wrong-state, not-supported */
function requireChangeable(house: House, name: string): Supervisor {
  const supervisor = house.registry.require(name);
  if (!house.driver.abilities.hotPlug) throw fail('not-supported', `the driver ${house.driver.name} does not change the cards of an instance`);
  const idle = supervisor.state === 'Stopped' || (supervisor.state === 'Crashed' && !supervisor.machine);
  if (idle || (['Running', 'Delayed Shutdown'].includes(supervisor.state) && supervisor.machine && !supervisor.machine.isPaused)) return supervisor;
  throw fail('wrong-state', `the cards of ${name} cannot be changed now: it is ${supervisor.state}${supervisor.machine?.isPaused ? ' and paused' : ''}`, { hint: 'they can while it runs, and while it is stopped' });
}
