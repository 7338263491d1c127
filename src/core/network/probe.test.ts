import { expect, test } from 'vitest';
import { parseProbe } from './probe.ts';

test.each([
  ['ping:10.0.0.1', { from: 'guest', kind: 'ping', address: '10.0.0.1', port: null }],
  ['ping:fd00::1', { from: 'guest', kind: 'ping', address: 'fd00::1', port: null }],
  ['tcp:10.0.0.1:443', { from: 'guest', kind: 'tcp', address: '10.0.0.1', port: 443 }],
  ['tcp:[fd00::1]:443', { from: 'guest', kind: 'tcp', address: 'fd00::1', port: 443 }],
  ['tcp:fd00::1:443', { from: 'guest', kind: 'tcp', address: 'fd00::1', port: 443 }],
  ['host:ping:10.0.0.1', { from: 'host', kind: 'ping', address: '10.0.0.1', port: null }],
  ['host:tcp:10.0.0.1:22', { from: 'host', kind: 'tcp', address: '10.0.0.1', port: 22 }],
] as const)('%s is understood', (text, probe) => {
  expect(parseProbe(text)).toEqual({ ...probe, text });
});

test.each(['', 'ping', 'ping:', 'ping:apollo', 'tcp:10.0.0.1', 'tcp:10.0.0.1:0', 'tcp:10.0.0.1:65536', 'tcp:10.0.0.1:http', 'guest:ping:10.0.0.1', 'host:host:ping:10.0.0.1', 'ping:10.0.0.1; reboot'])('%j is refused', (text) => {
  expect(() => parseProbe(text)).toThrow(expect.objectContaining({ code: 'bad-argument' }) as Error);
});
