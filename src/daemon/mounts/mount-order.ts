/**
 * Mounts of one guest that lie one below another. What is mounted over another hides it, and what is hidden cannot be unmounted
 * by its path: so one waits for those above it that are coming, and takes those below it out first, which come again after it.
 */

export interface MountTurn extends Disposable {
  /** It is in the guest. @returns resolves when it is to leave, since one above it comes */
  in(): Promise<void>;
  readonly isToLeave: boolean;
}

interface Turn {
  /** It is coming; undefined once it is in. */
  coming: Promise<void> | undefined;
  readonly leave: () => void;
  /** Nothing of it is in the guest. */
  readonly over: Promise<void>;
}

export class MountOrder {
  readonly #turns = new Map<string, Turn>();

  /** @param key  of a mount: of those of one guest it ends with the target  @param stopped  resolves when it is not wanted any more */
  async turn(key: string, stopped: Promise<void>): Promise<MountTurn> {
    const until = async (all: readonly Promise<void>[]): Promise<unknown> => await Promise.race([Promise.all(all), stopped.then(() => 'stopped')]);
    for (;;) {
      const above = [...this.#turns].flatMap(([other, { coming }]) => (coming !== undefined && isBelow(key, other) ? [coming] : []));
      if (above.length === 0 || await until(above) === 'stopped') break;
    }
    const [came, toLeave, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isToLeave = false;
    const turn: Turn = { coming: came.promise, leave: () => { isToLeave = true; toLeave.resolve(); }, over: over.promise };
    this.#turns.set(key, turn);
    const below = [...this.#turns].filter(([other]) => isBelow(other, key)).map(([, each]) => each);
    for (const each of below) each.leave();
    await until(below.map((each) => each.over));
    return {
      in: async () => {
        turn.coming = undefined;
        came.resolve();
        await toLeave.promise;
      },
      get isToLeave() { return isToLeave; },
      [Symbol.dispose]: () => {
        if (this.#turns.get(key) === turn) this.#turns.delete(key);
        turn.coming = undefined;
        came.resolve();
        over.resolve();
      },
    };
  }
}

/** Whether what one is mounted at lies below what the other is mounted at. */
function isBelow(key: string, other: string): boolean {
  return key.startsWith(`${other}/`);
}
