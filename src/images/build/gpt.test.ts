import { expect, test } from 'vitest';
import { decideImageFormat } from '../../core/image-format.ts';
import { DISK_SECTORS, partitionsOf, ROOT, SECTOR_BYTES } from './disk-layout.ts';
import { guidBytes, partitionTable } from './gpt.ts';

const GUID = '00112233-4455-6677-8899-AABBCCDDEEFF';
const patches = partitionTable(partitionsOf('amd64'), DISK_SECTORS, () => GUID);

test('the table that is written is one that an import accepts', () => {
  const head = new Uint8Array(64 * 1024);
  for (const { offsetBytes, bytes } of patches) if (offsetBytes < head.length) head.set(bytes, offsetBytes);
  expect(decideImageFormat(head, DISK_SECTORS * SECTOR_BYTES)).toMatchObject({ kind: 'accepted', format: 'raw' });
  expect(decideImageFormat(head, DISK_SECTORS * SECTOR_BYTES - 1024 * 1024)).toMatchObject({ kind: 'refused' });
});

test('the copy at the end lies inside the disk and behind the root partition', () => {
  for (const { offsetBytes, bytes } of patches) expect(offsetBytes + bytes.length).toBeLessThanOrEqual(DISK_SECTORS * SECTOR_BYTES);
  expect(patches[3]?.offsetBytes).toBeGreaterThanOrEqual((ROOT.firstSector + ROOT.sectors) * SECTOR_BYTES);
});

test.each(['amd64', 'arm64'] as const)('partitions of %s do not overlap, and root is the last, so that it can grow', (architecture) => {
  const partitions = partitionsOf(architecture);
  const ends = partitions.map(({ firstSector, sectors }) => firstSector + sectors);
  partitions.slice(1).forEach(({ firstSector }, at) => expect(firstSector).toBeGreaterThanOrEqual(ends[at] ?? Infinity));
  expect(partitions.at(-1)).toMatchObject(ROOT);
});

test('a GUID is stored with its first groups reversed', () => {
  expect(Buffer.from(guidBytes(GUID)).toString('hex')).toBe('33221100554477668899aabbccddeeff');
});
