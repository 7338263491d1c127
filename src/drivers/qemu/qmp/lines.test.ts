import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageLines, parseMessage, ProtocolError } from './lines.ts';

test('messages come out whole however the bytes were cut', () => {
  const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), { maxLength: 8 });
  fc.assert(fc.property(objects, fc.array(fc.nat(40), { maxLength: 60 }), (sent, cuts) => {
    const bytes = Buffer.from(sent.map((object) => `${JSON.stringify(object)}\r\n`).join(''));
    const lines = new MessageLines();
    const got: unknown[] = [];
    let at = 0;
    for (const cut of cuts) {
      got.push(...lines.push(bytes.subarray(at, at + cut)));
      at += cut;
    }
    got.push(...lines.push(bytes.subarray(at)));
    expect(got).toEqual(sent.map((object) => JSON.parse(JSON.stringify(object)) as unknown));
  }));
});

test('any bytes give messages or a ProtocolError, nothing else', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
    const lines = new MessageLines(100);
    try {
      for (const chunk of chunks) expect([...lines.push(Buffer.from(chunk))].every((message) => typeof message === 'object')).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  }));
});

test('a line without an end is not held beyond the limit', () => {
  const lines = new MessageLines(10);
  expect([...lines.push(Buffer.from('{"a":'))]).toEqual([]);
  expect(() => [...lines.push(Buffer.from('1234567'))]).toThrow(ProtocolError);
});

test('arrays, bare values and deep nests are refused', () => {
  for (const line of ['[]', '1', 'null', '"x"', '', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`]) {
    expect(() => parseMessage(line)).toThrow(ProtocolError);
  }
});
