/** What `logs` shows: the daemon's own lines, or those of one instance and the tail of its console. */
import { open } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import { plainText } from '../../core/plain-text.ts';
import type { House } from '../instances/house.ts';

const TAIL_BYTES = 256 * 1024;
/** All that is kept. */
const CONSOLE_BYTES = 1024 * 1024;

export interface LogReader {
  /** @param consoleOnly  without what the daemon says of it  @throws instance-not-found */
  tail(instance: string | undefined, consoleOnly?: boolean): Promise<string>;
}

/** @param whole  may be shown: the lines of all instances, and those of earlier ones of the same name */
export function logReader(house: House, path: string, whole: boolean): LogReader {
  return {
    async tail(name, consoleOnly = false) {
      if (name === undefined && !whole) throw fail('no-rights', 'the daemon\'s own log is for whoever runs it', { hint: 'of one instance: holdfast logs NAME' });
      const own = consoleOnly ? '' : await readTail(path);
      if (name === undefined) return own;
      const supervisor = house.registry.require(name);
      const since = whole ? '' : supervisor.record.instance.createdAt;
      // A line begins with the time, in the form in which the record has it.
      const lines = own.split('\n').filter((line) => line.split(' ')[1] === name && line >= since);
      const console = printable(await house.driver.consoleTail(supervisor.id, consoleOnly ? CONSOLE_BYTES : TAIL_BYTES));
      return `${lines.length > 0 ? `${lines.join('\n')}\n` : ''}${console}${console.endsWith('\n') || console === '' ? '' : '\n'}`;
    },
  };
}

async function readTail(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return length < size ? text.slice(text.indexOf('\n') + 1) : text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** The guest writes its console: what would steer the reader's terminal is left out. */
export function printable(text: string): string {
  return text
    // oxlint-disable-next-line no-control-regex -- terminal control sequences are what is removed
    .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|[@-Z\\-_])/g, '')
    .replace(/\r\n?/g, '\n')
    // oxlint-disable-next-line no-control-regex -- control characters are what is removed; tabs and line ends stay
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
    // Columns stay columns.
    .split('\t').map(plainText).join('\t');
}
