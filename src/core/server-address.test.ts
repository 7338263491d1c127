import { expect, test } from 'vitest';
import { parseAddress, showTcp } from './server-address.ts';

test.each([
  ['lab.example:50051', { host: 'lab.example', port: 50051 }], ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
  ['[::1]:65535', { host: '::1', port: 65535 }], ['[fe80::1%eth0]:50051', { host: 'fe80::1%eth0', port: 50051 }],
])('%s is on TCP, and written as it was', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
  expect(showTcp(address)).toBe(text);
});

test('a socket is named by an absolute path, whatever is in it', () => expect(parseAddress('unix:/run/a b:1')).toEqual({ unix: '/run/a b:1' }));

test.each(['', 'here', ':1', 'lab:', 'lab:0', 'lab:65536', 'lab:x', '::1:50051', '[lab]:1', 'http://lab:1', 'lab:1/x', 'la b:1', 'unix:relative', 'unix:', '/run/x'])(
  '%j is refused', (text) => expect(() => parseAddress(text)).toThrow(`invalid server address: ${text}`));
