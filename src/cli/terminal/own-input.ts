/** This process's stdin. Opening it costs time, and few commands read it. */
import { fstatSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Context } from '../command.ts';

let opened: Context['stdin'] | undefined;

/** /dev/null has ended before it is read: to open it loads Node's streams of files, which is a tenth of what an exec costs here. */
export function ownInput(): Context['stdin'] {
  return opened ??= isNull() ? Readable.from([]) : process.stdin;
}

function isNull(): boolean {
  try {
    const stdin = fstatSync(0);
    return stdin.isCharacterDevice() && stdin.rdev === statSync('/dev/null').rdev;
  } catch {
    // Closed, or there is none: what Node makes of it.
    return false;
  }
}
