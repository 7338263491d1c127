import { expect, test } from 'vitest';
import { clientEnvironment, homeOfStorage, socketOfAddress } from './multipass-contract.ts';

test('the storage of Multipass has the home in it, unless a home is named', () => {
  expect(homeOfStorage({ MULTIPASS_STORAGE: '/srv/vms/' })).toBe('/srv/vms/holdfast');
  expect(homeOfStorage({ MULTIPASS_STORAGE: '/srv/vms', HOLDFAST_HOME: '/h' })).toBeUndefined();
  expect(homeOfStorage({})).toBeUndefined();
  expect(() => homeOfStorage({ MULTIPASS_STORAGE: 'vms' })).toThrow('MULTIPASS_STORAGE is not an absolute path: vms');
});

test.each([
  ['localhost:50051', 'nothing listens on TCP here'], ['[::1]:50051', 'nothing listens on TCP here'],
  ['unix:relative', 'invalid server address: unix:relative'], ['/run/x', 'invalid server address'], ['', 'invalid server address'],
])('the address %j is refused', (address, why) => expect(() => socketOfAddress(address)).toThrow(why));

test('a client is led to the socket that the address names', () => {
  expect(clientEnvironment({ MULTIPASS_SERVER_ADDRESS: 'unix:/run/multipass_socket' })).toEqual({ HOLDFAST_SOCKET: '/run/multipass_socket' });
  expect(clientEnvironment({})).toEqual({});
});
