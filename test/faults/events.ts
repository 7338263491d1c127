/** Listens to /v1/events of a home's daemon, with the time at which each event was heard. */
import { join } from 'node:path';
import { eventData } from '../../src/client/event-stream.ts';
import { pathOf } from '../../src/client/paths.ts';
import { send } from '../../src/client/request.ts';
import type { HoldfastEvent } from '../../src/core/events.ts';

export interface Heard {
  readonly event: HoldfastEvent;
  /** performance.now() here. */
  readonly at: number;
}

export interface Listening extends AsyncDisposable {
  /** All so far, oldest first. */
  readonly heard: readonly Heard[];
  /** The first that fits, of those heard already and of those to come. @throws after the deadline, with `what` */
  first(what: string, fits: (heard: Heard) => boolean, deadlineMs: number): Promise<Heard>;
}

/** @param directory  the home's; a daemon must serve it */
export async function listen(directory: string): Promise<Listening> {
  const end = new AbortController();
  const answer = await send({
    socket: join(directory, 'run/holdfastd.sock'), method: 'GET', path: pathOf('events', {}), headers: { accept: 'text/event-stream' }, signal: end.signal,
  });
  const heard: Heard[] = [];
  const looks = new Set<() => void>();
  const reading = (async () => {
    for await (const data of eventData(answer)) {
      heard.push({ event: JSON.parse(data) as HoldfastEvent, at: performance.now() });
      for (const look of looks) look();
    }
  })().catch(() => {});
  return {
    heard,
    async first(what, fits, deadlineMs) {
      const { promise, resolve, reject } = Promise.withResolvers<Heard>();
      const look = (): void => {
        const found = heard.find(fits);
        if (found) resolve(found);
      };
      const timer = setTimeout(() => reject(new Error(`waited ${deadlineMs / 1000} s for ${what}`)), deadlineMs);
      looks.add(look);
      look();
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        looks.delete(look);
      }
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      answer.destroy();
      await reading;
    },
  };
}
