import { expect, test } from 'vitest';
import { fail } from '../../core/errors.ts';
import { homeNetwork } from '../../core/network/home-network.ts';
import { concerning, type Missing } from './missing.ts';
import { troubleOf } from './trouble.ts';

const error = fail('machine-failed', 'dnsmasq did not start: Address already in use', { hint: 'what has its ports: ss -lnp' });
const [dnsmasq, rules]: readonly Missing[] = [{ what: 'its dnsmasq of zone2', zone: 'zone2' }, { what: 'its firewall rules' }];
const tap: Missing = { what: 'the bridge of h1a2b-00c0ffee0', card: { tap: 'h1a2b-00c0ffee0', mac: '', address: '10.107.31.2', name: null, bridge: null } };

test('what is missing is told with why it cannot be put back, where that is known, and what to do', () => {
  expect(troubleOf([dnsmasq, rules] as Missing[], [{ zone: 'zone2', error }])).toEqual({
    seen: 'it lacks its dnsmasq of zone2, its firewall rules, and cannot be repaired: dnsmasq did not start: Address already in use',
    remedy: 'what has its ports: ss -lnp; it is tried again by itself, once a minute at least', lasts: true,
  });
  expect(troubleOf([tap], [{ zone: 'zone2', error }]), 'another zone\'s').toMatchObject({ seen: 'it lacks the bridge of h1a2b-00c0ffee0', lasts: false });
  expect(troubleOf([tap], [{ zone: undefined, error: new Error('nft is not there') }])).toMatchObject({ seen: expect.stringContaining('nft is not there') as string, lasts: true });
  const off = { zone: undefined, tap: 'h1a2b-00c0ffee0', error: new Error('Device or resource busy') };
  expect(troubleOf([tap], [off])).toMatchObject({ seen: expect.stringContaining('Device or resource busy') as string, lasts: true });
  expect(troubleOf([dnsmasq] as Missing[], [off]), 'a card\'s').toMatchObject({ lasts: false });
  expect(troubleOf([], [{ zone: undefined, error }]), 'it has come back by other means').toBeUndefined();
});

test('an instance feels what its zones lack, and all of them, and its own cards', () => {
  const network = homeNetwork('1a2b3c4d5e6f708192a3b4c5d6e7f809', { zone1: '10.107.31.0/24', zone2: '10.107.32.0/24' }, true);
  const felt = (...addresses: readonly string[]): readonly string[] => concerning([dnsmasq, rules, tap] as Missing[], network, addresses).map(({ what }) => what);
  expect(felt('10.107.31.2')).toEqual([rules?.what, tap.what]);
  expect(felt('10.107.31.3')).toEqual([rules?.what]);
  expect(felt('10.107.31.3', '10.107.32.2')).toEqual([dnsmasq?.what, rules?.what]);
});
