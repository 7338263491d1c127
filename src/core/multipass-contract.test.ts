import { expect, test } from 'vitest';
import { clientEnvironment, homeOfStorage } from './multipass-contract.ts';

test('the storage of Multipass has the home in it, unless a home is named', () => {
  expect(homeOfStorage({ MULTIPASS_STORAGE: '/srv/vms/' })).toBe('/srv/vms/holdfast');
  expect(homeOfStorage({ MULTIPASS_STORAGE: '/srv/vms', HOLDFAST_HOME: '/h' })).toBeUndefined();
  expect(homeOfStorage({})).toBeUndefined();
  expect(() => homeOfStorage({ MULTIPASS_STORAGE: 'vms' })).toThrow('MULTIPASS_STORAGE is not an absolute path: vms');
});

test('a client is led to the daemon that the address names', () => {
  for (const address of ['unix:/run/multipass_socket', 'lab.example:50051']) expect(clientEnvironment({ MULTIPASS_SERVER_ADDRESS: address })).toEqual({ HOLDFAST_ADDRESS: address });
  expect(clientEnvironment({})).toEqual({});
  expect(() => clientEnvironment({ MULTIPASS_SERVER_ADDRESS: 'unix:relative' })).toThrow('invalid server address: unix:relative');
});
