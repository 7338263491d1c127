/** What `logs` shows: the daemon's own lines, or those of one instance and the tail of its console. */
import { open } from 'node:fs/promises';
import type { House } from './instances/house.ts';

const TAIL_BYTES = 256 * 1024;

export interface LogReader {
  /** @throws instance-not-found */
  tail(instance: string | undefined): Promise<string>;
}

export function logReader(house: House, path: string): LogReader {
  return {
    async tail(name) {
      const own = await readTail(path);
      if (name === undefined) return own;
      const supervisor = house.registry.require(name);
      const lines = own.split('\n').filter((line) => line.split(' ')[1] === name);
      const console = printable(await house.driver.consoleTail(supervisor.id, TAIL_BYTES));
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
    // oxlint-disable-next-line no-control-regex -- as above
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
