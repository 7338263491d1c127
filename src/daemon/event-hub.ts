/** Announces events to whoever listens, and keeps the last ones so that a listener that was cut off can resume. */
import type { HoldfastEvent } from '../core/events.ts';

const KEPT = 1000;

export interface NumberedEvent {
  readonly id: number;
  readonly event: HoldfastEvent;
  /** uid of whom it concerns; null: the daemon's own user. */
  readonly owner: number | null;
}

export interface EventHub {
  publish(event: HoldfastEvent, owner: number | null): void;
  /** @param after  id of the last event seen; those that are still kept come first. @returns a function that stops it */
  subscribe(listener: (event: NumberedEvent) => void, after?: number): () => void;
}

export function eventHub(): EventHub {
  const listeners = new Set<(event: NumberedEvent) => void>();
  const kept: NumberedEvent[] = [];
  let next = 1;
  return {
    publish(event, owner) {
      const numbered = { id: next, event, owner };
      next += 1;
      kept.push(numbered);
      if (kept.length > KEPT) kept.shift();
      for (const listener of listeners) listener(numbered);
    },
    subscribe(listener, after) {
      if (after !== undefined) for (const numbered of kept) if (numbered.id > after) listener(numbered);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
