/** Where a sparse file has data: reading its holes would fill the page cache with zeros, which takes longest of all. */
import { open } from 'node:fs/promises';
import { run } from './process/run.ts';

export interface Extent {
  readonly start: number;
  /** The first byte after it. */
  readonly end: number;
}

/** lseek(2)'s SEEK_DATA and SEEK_HOLE, which Node does not have; perl comes with every Debian and with the image tools. */
const LISTER = 'use strict; open(my $file, "<:raw", $ARGV[0]) or die "$!\n"; my ($at, $size) = (0, -s $file);'
  + ' while ($at < $size) { my $from = sysseek($file, $at, 3); last unless defined $from; $at = sysseek($file, $from, 4); print $from + 0, " ", $at + 0, "\n"; }';
const DEADLINE_MS = 30_000;

/** In order. The whole file, where its holes cannot be told. */
export async function dataExtents(path: string): Promise<Extent[]> {
  const listed = process.platform === 'linux'
    ? await run({ tool: 'perl', args: ['-e', LISTER, path], package: 'perl-base', deadlineMs: DEADLINE_MS, signal: AbortSignal.timeout(DEADLINE_MS) }).catch(() => undefined)
    : undefined;
  if (listed !== undefined) return listed.stdout.split('\n').filter((line) => line !== '').map(extentIn);
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  return size === 0 ? [] : [{ start: 0, end: size }];
}

function extentIn(line: string): Extent {
  const [start = Number.NaN, end = Number.NaN] = line.split(' ').map(Number);
  if (!(start < end)) throw new TypeError(`no extent: ${line}`);
  return { start, end };
}
