import { expect, test } from 'vitest';
import { forwardedPorts } from './address.ts';

test('forwards are told from the guest\'s own connections', () => {
  const table = [
    'Hub -1 (net0):',
    '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
    '  TCP[HOST_FORWARD]  31       127.0.0.1 40123      10.96.3.15    22     0     0',
    '  TCP[ESTABLISHED]   33       127.0.0.1 40124      10.96.3.15    22     0     0',
    '  TCP[HOST_FORWARD]  35       127.0.0.1 40125      10.96.3.15    22     0     0',
    '  UDP[236 sec]       37      10.96.3.15 40126       10.96.3.3    53     0     0',
  ].join('\r\n');
  expect([...forwardedPorts(table)]).toEqual([40123, 40125]);
  expect(forwardedPorts('').size).toBe(0);
});
