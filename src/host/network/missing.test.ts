import { expect, test } from 'vitest';
import { homeNetwork } from '../../core/network/home-network.ts';
import type { AttachedCard } from './attachments.ts';
import type { HostLink } from './links.ts';
import { astray, loose } from './missing.ts';

const network = homeNetwork('1a2b3c4d5e6f708192a3b4c5d6e7f809', { zone1: '10.107.31.0/24' }, true);
const card = (tap: string, bridge: string | null): AttachedCard => ({ tap, mac: '', address: bridge === null ? '10.107.31.2' : null, name: null, bridge });
const [own, foreign] = [card('h1a2b-00c0ffee0', null), card('g1a2b-00c0ffee1', 'br0')];
const link = (name: string, master?: string, up = true): HostLink => ({ name, kind: undefined, ether: true, master, up, carrier: up, mac: undefined, alias: undefined, addresses: [] });
const bridges = [link('hf-1a2b3c4d'), link('br0')];
const names = (cards: readonly AttachedCard[]) => cards.map(({ tap }) => tap);

test('a card is loose whose tap is down, or off its bridge', () => {
  const looseWith = (...taps: HostLink[]) => names(loose(network, [own, foreign], [...bridges, ...taps]));
  expect(looseWith(link(own.tap, 'hf-1a2b3c4d'), link(foreign.tap, 'br0'))).toEqual([]);
  expect(looseWith(link(own.tap, 'hf-1a2b3c4d', false), link(foreign.tap))).toEqual([own.tap, foreign.tap]);
  expect(looseWith(), 'one that is not there is nobody\'s to put back').toEqual([]);
});

test('a card whose bridge is not there is not loose: of one that is none of the home\'s that is said', () => {
  const links = [link(own.tap), link(foreign.tap)];
  expect([loose(network, [own, foreign], links), names(astray([own, foreign], links))]).toEqual([[], [foreign.tap]]);
  expect(astray([own, foreign], [...links, ...bridges])).toEqual([]);
  expect(astray([foreign], []), 'nor has it a tap any more').toEqual([]);
});
