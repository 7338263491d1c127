import { expect, test } from 'vitest';
import { eventData } from './event-stream.ts';

const bytes = new TextEncoder().encode(': hello\nid: 1\nevent: x\ndata: {"a":"ü"}\n\ndata:one\r\ndata: two\r\n\r\n\ndata: unfinished\n');

test('events are read alike however the bytes are cut', async () => {
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const cut = (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })();
    const seen: string[] = [];
    for await (const data of eventData(cut)) seen.push(data);
    expect(seen).toEqual(['{"a":"ü"}', 'one\ntwo']);
  }
});
