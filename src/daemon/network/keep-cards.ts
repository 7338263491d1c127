/** Sees to it that a guest that is held knows its further cards: also those that were recorded while it was stopped, or that a fork got. */
import { oneAtATime, type InTurn } from '../../core/one-at-a-time.ts';
import { configureCards } from '../../guest/cards.ts';
import type { House } from '../instances/house.ts';
import type { Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';

const REACH_MS = 30_000;
const TELL_MS = 180_000;

/** Who tells a guest of its cards, and who tells it beside that, write the same files. */
const turns = new WeakMap<Supervisor, InTurn>();

/** For as long as this machine runs; once each time that it comes to be held, since it may have been rebooted. */
export function keepCards(house: House, supervisor: Supervisor): void {
  const { machine } = supervisor;
  if (!machine) return;
  const look = (): void => {
    if (machine.guest.hold.level !== 'held' || supervisor.machine !== machine) return;
    void tellOfCards(supervisor, AbortSignal.timeout(TELL_MS)).catch((error: unknown) => {
      if (supervisor.machine === machine) house.log.line('cards', supervisor.name, `${supervisor.name}: ${error instanceof Error ? error.message : String(error)}`, `see which it has: holdfast net list ${supervisor.name}`);
    });
  };
  machine.guest.onHold(look);
  look();
}

/** @returns whether it was told: a guest that does not answer is told when it does  @throws exec-failed */
export async function tellOfCards(supervisor: Supervisor, signal: AbortSignal): Promise<boolean> {
  const { machine } = supervisor;
  const { cards } = supervisor.record.instance.spec;
  if (cards === undefined) return true;
  if (machine?.guest.hold.level !== 'held') return false;
  const inTurn = turns.get(supervisor) ?? oneAtATime();
  turns.set(supervisor, inTurn);
  await inTurn(async () => {
    const { shell } = await machine.guest.reach('control', { deadlineMs: REACH_MS, signal });
    await configureCards(shell, cards.filter(({ mode, seeded }) => mode === 'auto' && !seeded), signal);
  });
  return true;
}

/** A fork's cards are not in its seed: its launch is over when it has them. Where it cannot have them, that is told. */
export async function tellNewFork(supervisor: Supervisor, task: Task): Promise<void> {
  if (!supervisor.record.instance.spec.cards?.some(({ mode, seeded }) => mode === 'auto' && !seeded)) return;
  task.progress(`Configuring the networks of ${supervisor.name}`);
  try {
    const told = await tellOfCards(supervisor, AbortSignal.any([task.signal, AbortSignal.timeout(TELL_MS)]));
    if (!told) task.notice(`${supervisor.name} does not answer: it is told of its cards when it does`);
  } catch (error) {
    task.signal.throwIfAborted();
    task.notice(`the further cards of ${supervisor.name} are not configured: ${error instanceof Error ? error.message : String(error)}`);
  }
}
