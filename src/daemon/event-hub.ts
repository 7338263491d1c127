/** Announces events to whoever listens, and keeps the last ones so that a listener that was cut off can resume, or hears that he cannot. */
import { randomBytes } from 'node:crypto';
import type { HoldfastEvent } from '../core/events.ts';

const KEPT = 1000;

export interface NumberedEvent {
  /** `<daemon>-<number>`: of another daemon's it cannot be taken for one of this one's. */
  readonly id: string;
  readonly event: HoldfastEvent;
  /** uid of whom it concerns; null: the daemon's own user. */
  readonly owner: number | null;
}

export interface EventHub {
  publish(event: HoldfastEvent, owner: number | null): void;
  /** @param after  id of the last event seen: those since then come first, or a `gap` where they are not all kept. @returns a function that stops it */
  subscribe(listener: (event: NumberedEvent) => void, after?: string): () => void;
}

export function eventHub(daemon = randomBytes(4).toString('hex')): EventHub {
  const listeners = new Set<(event: NumberedEvent) => void>();
  const kept: NumberedEvent[] = [];
  let last = 0;
  const idOf = (number: number): string => `${daemon}-${number}`;
  /** @returns undefined where it is no number of this daemon's */
  const numberIn = (id: string): number | undefined => {
    const number = Number(id.slice(daemon.length + 1));
    return Number.isSafeInteger(number) && id === idOf(number) ? number : undefined;
  };
  return {
    publish(event, owner) {
      last += 1;
      const numbered = { id: idOf(last), event, owner };
      kept.push(numbered);
      if (kept.length > KEPT) kept.shift();
      for (const listener of listeners) listener(numbered);
    },
    subscribe(listener, after) {
      const seen = after === undefined ? last : numberIn(after);
      const forgotten = last - kept.length;
      if (seen === undefined || seen < forgotten || seen > last) listener({ id: idOf(last), event: { type: 'gap' }, owner: null });
      else for (const numbered of kept.slice(seen - forgotten)) listener(numbered);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
