/** Work that takes turns: each piece begins when those that were asked for before it have ended, well or not. */

/** @returns what the work comes to, also its failure, which is nobody else's */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** A queue of its own. Work that asks for a turn in it from within its own would wait for itself. */
export function oneAtATime(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
}
