import { getEventListeners } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { probeFromHost } from './probe.ts';

test('a probe that tries and tries leaves nothing on its signal, and neither does one that works', async () => {
  const { signal } = new AbortController();
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  const probe = { from: 'host', kind: 'tcp', address: '127.0.0.1', port, text: `host:tcp:127.0.0.1:${port}` } as const;
  expect(await probeFromHost(probe, { withinMs: 1_000, signal })).toBeUndefined();
  await new Promise((resolve) => { server.close(resolve); });
  expect(await probeFromHost(probe, { withinMs: 1_000, signal })).toBe('ECONNREFUSED');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
