/** The pure readers, against bytes and texts of whoever wishes them ill. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { localAliases, resolveLocal } from '../../src/core/catalogue/local.ts';
import { base64Lines } from '../../src/core/cloudinit/base64.ts';
import { checkUserData, withHeader } from '../../src/core/cloudinit/check.ts';
import { composeUserData } from '../../src/core/cloudinit/compose.ts';
import { datasourceMode } from '../../src/core/cloudinit/stage.ts';
import { utf8Text } from '../../src/core/cloudinit/text.ts';
import { userDataKind } from '../../src/core/cloudinit/user-data-kind.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { decideImageFormat, IMAGE_HEAD_BYTES } from '../../src/core/image-format.ts';
import { requireInstanceName } from '../../src/core/names.ts';
import { readNodes } from '../../src/core/netplan/nodes.ts';
import { parseSize, requireSize } from '../../src/core/sizes.ts';
import { bytesAround, expectSoon, LONG } from './properties.ts';

const YAML_WORDS = ['#cloud-config\n', '## template: jinja\n', '#!/bin/sh\n', 'MIME-Version: 1.0\n', 'a: ', '- ', '? ', '[', ']', '{', '}', ',', ': ', '&a ', '*a', '<<: *a\n', '!!binary ', '"', "'", '|\n', '>-\n', '---\n', '...\n', '%YAML 1.1\n', '\t', '\n', '  ', '# x\n', 'packages:\n', '\u001f\u008b', '\0', '==holdfast-0=='];
const userData = bytesAround(YAML_WORDS).chain((bytes) => fc.boolean().map((config) => new Uint8Array(config ? Buffer.concat([Buffer.from('#cloud-config\n'), bytes]) : bytes)));

describe('a user\'s cloud-init data', () => {
  test('is judged, staged and composed whatever it is; what is said of it has a place in it', () => {
    fc.assert(fc.property(userData, (bytes) => {
      const { kind, errors, warnings, lacksHeader } = checkUserData(bytes);
      // Without a first line that says what it is, a configuration is one, and a broken one is told of as that.
      const begun = userDataKind(bytes);
      expect(begun === 'unknown' ? ['unknown', 'cloud-config'] : [begun]).toContain(kind);
      if (errors.length === 0) expect(kind).toBe(userDataKind(lacksHeader ? withHeader(bytes) : bytes));
      const lines = Buffer.from(bytes).toString('latin1').split(/\r\n|\n|\r/).length;
      for (const { line, column } of [...errors, ...warnings]) {
        expect(line).toBeLessThanOrEqual(lines);
        expect(Math.min(line, column)).toBeGreaterThanOrEqual(0);
      }
      expect(['local', 'net']).toContain(datasourceMode(bytes));
      composeUserData('#cloud-boothook\n', bytes, 'x');
    }), { numRuns: 300 });
  });

  test('cannot end the message that it is put in', () => {
    fc.assert(fc.property(bytesAround(['==holdfast-0==', '\n--==holdfast-1==--\n', 'MIME-Version: 1.0\n', '#!/bin/sh\n', '--', '==holdfast-00==']), (bytes) => {
      const whole = Buffer.from(composeUserData('#cloud-boothook', new Uint8Array(bytes))).toString('latin1');
      const boundary = /boundary="([^"]+)"/.exec(whole)?.[1] ?? '';
      // One before each part, one at the end.
      expect(whole.split(`--${boundary}`)).toHaveLength(userDataKind(bytes) === 'empty' ? 3 : 4);
      expect(bytes.toString('latin1')).not.toContain(boundary);
    }));
  });

  test('is UTF-8 exactly when the platform says so', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const platform = (bytes: Uint8Array): string | undefined => {
      try {
        return strict.decode(bytes);
      } catch {
        return undefined;
      }
    };
    fc.assert(fc.property(bytesAround(['\u00c3\u00a9', '\u00ed\u00a0\u0080', '\u00c0\u00af', '\u00f0\u009f\u0098\u0080', '\u00f4\u0090\u0080\u0080', '%', '%41', '\u00ef\u00bb\u00bf']), (bytes) => { expect(utf8Text(bytes)).toBe(platform(bytes)); }));
  });

  test('in base64 is what the platform reads back, in lines that mail allows', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const text = base64Lines(bytes);
      expect(Buffer.from(text, 'base64')).toEqual(Buffer.from(bytes));
      expect(Math.max(0, ...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(76);
    }));
  });

  test.each(['a: 1\n', '- ', '[', '{a: ', '? ', ': : :\n', '"', "'a\n", '&a ', '*a ', '#\n', '\t', ' ', '---\n', '%YAML 1.1\n', '!!x ', '|\n', 'k: |\n  text\n', 'MIME-Version:', '==holdfast-1=='])('%j over and over takes no more than its length', (word) => {
    const data = new TextEncoder().encode(`#cloud-config\n${word.repeat(LONG / word.length)}`);
    expectSoon('the check', () => checkUserData(data));
    expectSoon('the stage', () => datasourceMode(data));
    expectSoon('the message', () => composeUserData('#cloud-boothook', data));
  });

  test.each([['escapes that are none', `a: "${'\\q'.repeat(LONG)}"`], ['brackets that close nothing', `a: ${'}'.repeat(39_000)}`]])('of %s, one by one mistakes, the first is told and no more are looked for', (_, text) => {
    const data = new TextEncoder().encode(`#cloud-config\n${text}\n`);
    const before = process.memoryUsage().rss;
    expectSoon('the check', () => expect(checkUserData(data).errors).toMatchObject([{ message: expect.stringContaining('the first of more than 100'), line: 2 }]));
    expectSoon('the stage', () => expect(datasourceMode(data)).toBe('net'));
    expectSoon('the netplan file', () => expect(() => readNodes({ path: 'a.yaml', text }, () => {})).toThrow('the first of more than 100'));
    expect((process.memoryUsage().rss - before) / 2 ** 20, 'MiB taken').toBeLessThan(100);
  });
});

describe('sizes, names and images', () => {
  test('a text is a size or refused in words of ours', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[ 0-9.KMGiBkmg-]*$/)), (text) => {
      try {
        expect(Number.isSafeInteger(requireSize('memory', text))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
      }
    }));
  });

  test.each([' ', '1', '1.', 'G', '\n', '１'])('%j over and over is no size, and takes no more than its length', (word) => {
    expectSoon('the size', () => parseSize(`1${word.repeat(LONG)}x`));
    expectSoon('the alias', () => resolveLocal(`local:a${word.repeat(LONG)}x`, [], 'x86_64'));
  });

  test('a name is a label of a host\'s name, or is refused in words of ours', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9-]{0,70}$/)), (text) => {
      try {
        expect(requireInstanceName(text)).toMatch(/^[A-Za-z0-9-]{1,63}$/);
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
      }
    }));
  });

  test('a stored image is found by each of its aliases', () => {
    fc.assert(fc.property(fc.constantFrom('debian', 'alpine3'), fc.stringMatching(/^[0-9][0-9.]{0,5}$/), (os, release) => {
      const image = { os, release, architecture: 'x86_64' as const, digest: 'a'.repeat(64), builtAt: '2026-01-01T00:00:00Z' };
      for (const alias of localAliases(image)) expect(resolveLocal(alias, [image], 'x86_64')).toBe(image);
    }));
  });

  const header = (version: number) => fc.record({
    bytes: fc.uint8Array({ minLength: 104, maxLength: 600 }), at: fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 6 }), bits: fc.integer({ min: 8, max: 22 }),
  }).map(({ bytes, at, bits }) => {
    const head = Buffer.alloc(Math.max(bytes.length, 152));
    head.write('QFI\u00fb', 'latin1');
    head.writeUInt32BE(version, 4);
    head.writeUInt32BE(bits, 20);
    head.writeBigUInt64BE(1n << 30n, 24);
    head.writeUInt32BE(bytes[0] ?? 0, 36);
    head.writeBigUInt64BE(3n << BigInt(bits), 40);
    head.writeBigUInt64BE(1n << BigInt(bits), 48);
    head.writeUInt32BE(1, 56);
    head.writeUInt32BE(4, 96);
    head.writeUInt32BE(104, 100);
    for (const [offset, byte] of at) head[offset] = byte;
    return new Uint8Array(head);
  });

  test('an image\'s head is accepted with a size that a disk can have, or refused with a reason', () => {
    const anyHead = fc.oneof(header(2), header(3), fc.uint8Array({ maxLength: 2048 }));
    fc.assert(fc.property(anyHead, fc.nat(2 ** 31 - 1), (head, fileBytes) => {
      const decision = decideImageFormat(head, Math.max(fileBytes, head.length));
      if (decision.kind === 'refused') expect(decision.reason).toMatch(/^(?:is|has|needs|uses|depends|keeps|was) ?\S/);
      else expect(Number.isSafeInteger(decision.virtualSizeBytes) && decision.virtualSizeBytes > 0 && decision.virtualSizeBytes % 512 === 0).toBe(true);
    }), { numRuns: 500 });
  });

  test('a header longer than what was looked at is refused: what stands behind it was not seen', () => {
    const head = Buffer.alloc(IMAGE_HEAD_BYTES);
    head.write('QFI\u00fb', 'latin1');
    head.writeUInt32BE(3, 4);
    head.writeUInt32BE(21, 20);
    head.writeBigUInt64BE(1n << 30n, 24);
    head.writeUInt32BE(1, 36);
    head.writeBigUInt64BE(3n << 21n, 40);
    head.writeBigUInt64BE(1n << 21n, 48);
    head.writeUInt32BE(1, 56);
    head.writeUInt32BE(4, 96);
    head.writeUInt32BE(100_000, 100);
    expect(decideImageFormat(new Uint8Array(head), 64 << 20)).toMatchObject({ kind: 'refused', reason: 'is damaged: wrong header length' });
  });
});
