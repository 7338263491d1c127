import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideImageFormat, IMAGE_HEAD_BYTES } from './image-format.ts';

const FILE_BYTES = 10 * 1024 * 1024;

function qcow2(change: (view: DataView) => void = () => {}): Uint8Array {
  const head = new Uint8Array(IMAGE_HEAD_BYTES);
  const view = new DataView(head.buffer);
  head.set([0x51, 0x46, 0x49, 0xfb]);
  view.setUint32(4, 3);
  view.setUint32(20, 16);
  view.setBigUint64(24, 2n ** 31n);
  view.setUint32(36, 4);
  view.setBigUint64(40, 0x30000n);
  view.setBigUint64(48, 0x10000n);
  view.setUint32(56, 1);
  view.setUint32(96, 4);
  view.setUint32(100, 112);
  change(view);
  return head;
}

function gptDisk(lastLba: bigint): Uint8Array {
  const head = new Uint8Array(IMAGE_HEAD_BYTES);
  const view = new DataView(head.buffer);
  head.set([0x55, 0xaa], 510);
  head.set(new TextEncoder().encode('EFI PART'), 512);
  view.setBigUint64(512 + 32, lastLba, true);
  view.setBigUint64(512 + 48, lastLba - 33n, true);
  return head;
}

const decide = (head: Uint8Array, fileBytes = FILE_BYTES) => decideImageFormat(head, fileBytes);
const ascii = (text: string) => new TextEncoder().encode(text);

describe('qcow2', () => {
  test('a plain image is accepted with the size its guest sees', () => {
    expect(decide(qcow2())).toEqual({ kind: 'accepted', format: 'qcow2', virtualSizeBytes: 2 ** 31 });
  });

  test.each<[string, (view: DataView) => void, RegExp]>([
    ['a backing file', (v) => { v.setBigUint64(8, 0x200n); v.setUint32(16, 12); }, /backing file/],
    ['encryption', (v) => v.setUint32(32, 2), /is encrypted/],
    ['a LUKS extension', (v) => { v.setUint32(112, 0x0537be77); v.setUint32(116, 16); }, /is encrypted/],
    ['an external data file', (v) => v.setBigUint64(72, 4n), /external data file/],
    ['a name of an external data file', (v) => { v.setUint32(112, 0x44415441); v.setUint32(116, 4); }, /external data file/],
    ['a corrupt bit', (v) => v.setBigUint64(72, 2n), /marked corrupt/],
    ['a dirty bit', (v) => v.setBigUint64(72, 1n), /not closed properly/],
    ['an unknown feature', (v) => v.setBigUint64(72, 32n), /not known here \(0x20\)/],
    ['version 1', (v) => v.setUint32(4, 1), /version 1/],
    ['cluster bits out of range', (v) => v.setUint32(20, 30), /clusters of 2\^30/],
    ['no size', (v) => v.setBigUint64(24, 0n), /virtual size of 0/],
    ['a first-level table past the end', (v) => v.setBigUint64(40, 0x10000000n), /truncated/],
    ['a first-level table that is too short', (v) => v.setUint32(36, 1), /too short/],
    ['an extension past its cluster', (v) => { v.setUint32(112, 0x6803f857); v.setUint32(116, 0xffffffff); }, /runs past/],
  ])('%s is refused', (_what, change, reason) => {
    const decision = decide(qcow2(change));
    expect(decision.kind === 'refused' && decision.reason).toMatch(reason);
  });

  test('a header cut short is refused', () => {
    expect(decide(qcow2().subarray(0, 80), 80)).toMatchObject({ reason: expect.stringMatching(/truncated/) as string });
  });
});

describe('raw', () => {
  test('a whole GPT disk is accepted', () => {
    expect(decide(gptDisk(BigInt(FILE_BYTES / 512 - 1)))).toEqual({ kind: 'accepted', format: 'raw', virtualSizeBytes: FILE_BYTES });
  });

  test('a GPT disk that is described as longer than the file is truncated', () => {
    expect(decide(gptDisk(BigInt(FILE_BYTES)))).toMatchObject({ reason: expect.stringMatching(/truncated/) as string });
  });

  test('an MBR disk with a partition inside the file is accepted, past it refused', () => {
    const head = new Uint8Array(IMAGE_HEAD_BYTES);
    const view = new DataView(head.buffer);
    head.set([0x55, 0xaa], 510);
    view.setUint8(446 + 4, 0x83);
    view.setUint32(446 + 8, 2048, true);
    view.setUint32(446 + 12, 4096, true);
    expect(decide(head).kind).toBe('accepted');
    view.setUint32(446 + 12, 40960, true);
    expect(decide(head)).toMatchObject({ reason: expect.stringMatching(/past the end/) as string });
  });

  test.each([513 * 2048 + 1, 4096])('a length of %i bytes is refused', (bytes) => {
    expect(decide(gptDisk(3n), bytes).kind).toBe('refused');
  });
});

describe('what is no disk image is called by its name', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['HTML', ascii('\n<!DOCTYPE html><html><body>404'), /HTML page/],
    ['gzip', new Uint8Array([0x1f, 0x8b, 8, 0]), /gzip/],
    ['VMDK', ascii('KDMV\u0001\0\0\0'), /VMDK/],
    ['zeros', new Uint8Array(IMAGE_HEAD_BYTES), /no partition table/],
    ['text', ascii('hello world\n'), /text file/],
  ])('%s', (_name, head, reason) => {
    const decision = decide(head);
    expect(decision.kind === 'refused' && decision.reason).toMatch(reason);
  });

  test('a hybrid ISO is an ISO, though it has a partition table', () => {
    const head = gptDisk(BigInt(FILE_BYTES / 512 - 1));
    head.set(ascii('CD001'), 32769);
    expect(decide(head)).toMatchObject({ reason: expect.stringMatching(/ISO 9660/) as string });
  });

  test('an empty file is empty', () => expect(decide(new Uint8Array(), 0)).toEqual({ kind: 'refused', reason: 'is empty' }));
});

test('no bytes make it throw, and what it accepts fits the file', () => {
  const damaged = fc.tuple(fc.constantFrom(qcow2(), gptDisk(4000n)), fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 12 }));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2048 }),
    damaged.map(([head, edits]) => {
      for (const [at, value] of edits) head[at] = value;
      return head.slice();
    }),
  );
  fc.assert(
    fc.property(bytes, fc.nat(2 ** 31), (head, fileBytes) => {
      const decision = decideImageFormat(head, fileBytes);
      if (decision.kind === 'accepted' && decision.format === 'raw') expect(decision.virtualSizeBytes).toBe(fileBytes);
      if (decision.kind === 'accepted') expect(Number.isSafeInteger(decision.virtualSizeBytes)).toBe(true);
      if (decision.kind === 'refused') expect(decision.reason).not.toMatch(/undefined|NaN/);
    }),
    { numRuns: 2000 },
  );
});
