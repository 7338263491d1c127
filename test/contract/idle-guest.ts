/** A guest that nobody reaches: for tests of what lies below it. */
import type { GuestAccess } from '../../src/guest/access.ts';

export function idleGuest(): GuestAccess {
  return {
    hold: { level: 'lost', reason: 'there is no guest in this test' },
    reports: { network: undefined, system: undefined },
    user: 'ubuntu',
    openSsh: () => Promise.reject(new Error('there is no guest in this test')),
    reach: () => Promise.reject(new Error('there is no guest in this test')),
    onHold: () => () => undefined,
    onReport: () => () => undefined,
    onControl: () => () => undefined,
    wake: () => undefined,
    setClock: () => Promise.resolve(),
    expectEnd: () => undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
