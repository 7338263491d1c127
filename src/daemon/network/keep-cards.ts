/** Sees to it that a guest that is held knows its further cards: also those that were recorded while it was stopped, or that a fork got. */
import { configureCards } from '../../guest/cards.ts';
import type { House } from '../instances/house.ts';
import type { Supervisor } from '../supervisor.ts';

const REACH_MS = 30_000;

/** For as long as this machine runs; once each time that it comes to be held, since it may have been rebooted. */
export function keepCards(house: House, supervisor: Supervisor): void {
  const { machine } = supervisor;
  if (!machine) return;
  const look = (): void => {
    if (machine.guest.hold.level !== 'held' || supervisor.machine !== machine) return;
    void tellOfCards(supervisor, AbortSignal.timeout(180_000)).catch((error: unknown) => {
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
  const { shell } = await machine.guest.reach('control', { deadlineMs: REACH_MS, signal });
  await configureCards(shell, cards.filter(({ mode, seeded }) => mode === 'auto' && !seeded), signal);
  return true;
}
