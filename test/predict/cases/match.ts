/** How a definition finds its card: by what it says, or by its own id. */
import fc from 'fast-check';
import type { Card } from './guest-shape.ts';
import { type Body, weighted } from './words.ts';

export interface Found {
  readonly id: string;
  readonly keys: Body;
}

/** @param ids  what it may be called where its id says nothing */
export function finds({ name, mac, driver }: Card, ids: fc.Arbitrary<string>): fc.Arbitrary<Found> {
  const glob = `${name.slice(0, -2)}*`;
  const byMatch = (match: fc.Arbitrary<Body>, more: Body = {}): fc.Arbitrary<Found> => fc.tuple(ids, match).map(([id, match]) => ({ id, keys: { match, ...more } }));
  return weighted<Found>(
    [10, byMatch(fc.constantFrom({ macaddress: mac }, { macaddress: mac }, { macaddress: mac.toUpperCase() }))],
    [4, fc.constant({ id: name, keys: {} })],
    [2, byMatch(fc.constant({ name }))],
    [1, byMatch(fc.constantFrom({ name: glob }, { name: 'e*' }, { name: `${name[0]}?*` }))],
    [1, byMatch(fc.constantFrom({ name, macaddress: mac }, { macaddress: mac, driver }))],
    [1, byMatch(fc.constant({ macaddress: mac }), { 'set-name': name })],
    [1, byMatch(fc.constantFrom({ driver }, { driver: [driver, 'e1000'] }, { driver: 'virtio*' }))],
  );
}

/** Such that it does not find the card, for all that its author thought. */
export function misses({ name, mac }: Card, ids: fc.Arbitrary<string>): fc.Arbitrary<Found> {
  const wrongMac = `${mac.slice(0, -1)}${mac.endsWith('0') ? '1' : '0'}`;
  return weighted<Found>(
    [3, ids.map((id) => ({ id, keys: { match: { macaddress: wrongMac } } }))],
    [3, fc.constantFrom('eth7', 'ens3', 'enp9s0').map((id) => ({ id, keys: {} }))],
    [1, fc.tuple(ids, fc.constantFrom({ name: 'wl*' }, { driver: 'e1000' }, { name, macaddress: wrongMac }, { name: 'eth9', macaddress: mac })).map(([id, match]) => ({ id, keys: { match } }))],
  );
}
