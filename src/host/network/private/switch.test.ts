import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from './frames.ts';
import { Switch } from './switch.ts';

const BROADCAST = [255, 255, 255, 255, 255, 255];
const mac = (last: number): number[] => [0x52, 0x54, 0, 0, last >> 8, last & 255];

function frame(to: readonly number[], from: readonly number[], text = 'hello'): Buffer {
  const body = Buffer.concat([Buffer.from([...to, ...from, 0x08, 0x00]), Buffer.from(text)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A machine's end: what it was given, and whether it takes anything. */
class Machine extends Duplex {
  readonly given: Buffer[] = [];
  reads = true;
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.given.push(chunk);
    if (this.reads) done();
  }
  says(bytes: Buffer): Promise<void> {
    this.push(bytes);
    return new Promise((resolve) => { setImmediate(resolve); });
  }
}

function plugged(): { readonly a: Machine; readonly b: Machine; readonly c: Machine; readonly ports: Switch } {
  const ports = new Switch();
  const [a, b, c] = [new Machine(), new Machine(), new Machine()];
  for (const each of [a, b, c]) ports.plug(each, () => {});
  return { a, b, c, ports };
}

test('a frame goes to all until it is known where its receiver is, and never back', async () => {
  const { a, b, c } = plugged();
  await a.says(frame(mac(2), mac(1)));
  expect([a, b, c].map(({ given }) => given.length)).toEqual([0, 1, 1]);
  await b.says(frame(mac(1), mac(2)));
  await a.says(frame(mac(2), mac(1)));
  expect([a, b, c].map(({ given }) => given.length)).toEqual([1, 2, 1]);
  await c.says(frame(BROADCAST, mac(3)));
  expect([a, b, c].map(({ given }) => given.length)).toEqual([2, 3, 1]);
});

test('who has left is looked for again', async () => {
  const { a, b, c, ports } = plugged();
  await b.says(frame(BROADCAST, mac(2)));
  b.destroy();
  await new Promise((resolve) => { setImmediate(resolve); });
  expect(ports.ports).toBe(2);
  await a.says(frame(mac(2), mac(1)));
  expect(c.given).toHaveLength(2);
});

test('a machine that takes nothing costs a bounded amount, and the others nothing', async () => {
  const { a, b, c } = plugged();
  b.reads = false;
  const large = frame(BROADCAST, mac(1), 'x'.repeat(60_000));
  for (let i = 0; i < 100; i += 1) await a.says(large);
  expect(c.given).toHaveLength(100);
  expect(b.writableLength).toBeLessThan(1.2 * 1024 * 1024);
});

test('a machine that invents addresses forgets its own only', async () => {
  const { a, b, c } = plugged();
  await b.says(frame(BROADCAST, mac(2)));
  for (let i = 0; i < 500; i += 1) await a.says(frame(mac(2), mac(1000 + i)));
  expect(c.given).toHaveLength(1);
});

test('a length that no frame has ends the connection', async () => {
  const { a, b, c, ports } = plugged();
  await a.says(Buffer.from([0xff, 0xff, 0xff, 0xff, 0]));
  await new Promise((resolve) => { setImmediate(resolve); });
  expect([a.destroyed, ports.ports, b.given.length, c.given.length]).toEqual([true, 2, 0, 0]);
});

test('frames come out whole, however they were cut', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }), (bodies, cuts) => {
    const framed = bodies.map((body) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(body.length);
      return Buffer.concat([length, body]);
    });
    const stream = Buffer.concat(framed);
    const reader = new FrameReader();
    const out: Buffer[] = [];
    for (let at = 0, i = 0; at < stream.length; i += 1) {
      const size = cuts[i % cuts.length] ?? 1;
      out.push(...reader.take(stream.subarray(at, at + size)).map((each) => Buffer.from(each)));
      at += size;
    }
    expect(Buffer.concat(out)).toEqual(stream);
    expect(out).toHaveLength(bodies.length);
  }));
});
