import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { fetchSmallFile } from './small-file.ts';

async function served(listener: RequestListener): Promise<AsyncDisposable & { readonly url: URL }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/data`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const limits = { env: {}, mostBytes: 1000, withinMs: 5_000 };

test('it comes whole, by redirects too', async () => {
  await using server = await served(({ url }, answer) => {
    if (url === '/data') answer.writeHead(302, { location: '/there' }).end();
    else answer.end('#cloud-config\n');
  });
  expect((await fetchSmallFile(server.url, limits)).toString()).toBe('#cloud-config\n');
});

test.each<[string, RequestListener, RegExp]>([
  ['another answer', (_, answer) => { answer.writeHead(404).end(); }, /\/data cannot be had: the answer is 404$/],
  ['one without an end', (_, answer) => { const more = (): void => { if (!answer.destroyed) answer.write(Buffer.alloc(4096), more); }; more(); }, /is too long: at most 1000 bytes are taken$/],
  ['one that stands still', (_, answer) => { answer.write('x'); }, /did not arrive within 0\.5 s$/],
  ['one that is cut off', (_, answer) => { answer.writeHead(200, { 'content-length': '10' }).write('x', () => answer.destroy()); }, /aborted|cut|closed/],
])('%s is no file', async (_what, listener, why) => {
  await using server = await served(listener);
  await expect(fetchSmallFile(server.url, { ...limits, withinMs: _what.includes('still') ? 500 : 5_000 })).rejects.toThrow(why);
});

test('the caller\'s proxy is asked for it', async () => {
  await using proxy = await served(({ url }, answer) => { answer.end(`for ${url}`); });
  const bytes = await fetchSmallFile(new URL('http://config.example/data'), { ...limits, env: { http_proxy: proxy.url.origin } });
  expect(bytes.toString()).toBe('for http://config.example/data');
});
