import { expect, test } from 'vitest';
import { mayNeed, needsStill } from './who-forwards.ts';

const KEY = '1a2b3c4d5e6f708192a3b4c5d6e7f809';
const bridge = (name: string, carrier = false, alias?: string) => ({ name, kind: 'bridge', alias, carrier });

test('a home needs forwarding while it is there and has a bridge, in whichever zone; of one that is elsewhere, while something runs there', () => {
  expect(needsStill(KEY, true, [bridge('hf-1a2b3c4d-3')])).toBe(true);
  expect(needsStill(KEY, true, [bridge('hf-89abcdef', true), bridge('br0', true), { ...bridge('hf-1a2b3c4d'), kind: 'veth' }])).toBe(false);
  expect(needsStill(KEY, false, [bridge('hf-1a2b3c4d')])).toBe(false);
  expect(needsStill(KEY, false, [bridge('hf-1a2b3c4d', true)])).toBe(true);
});

test('other people\'s bridges may need it, and an unknown home\'s on which something runs', () => {
  const asked = [bridge('br0'), bridge('hf-89abcdef', true), bridge('hf-89abcdef'), bridge('hf-1a2b3c4d', true), bridge('hn-89abcdef-0', true), bridge('br-eth0', true, 'holdfast-89abcdef'), { ...bridge('eth0', true), kind: undefined }];
  expect(asked.filter((link) => mayNeed(link, [KEY])).map(({ name }) => name)).toEqual(['br0', 'hf-89abcdef']);
});
