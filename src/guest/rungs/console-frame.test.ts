import { describe, expect, test } from 'vitest';
import { consoleLines, parseConsole } from './console-frame.ts';

const marker = 'hf0123456789abcdef01234567';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the framed command on a console', () => {
  test('never types the marker itself, so that an echo is not taken for an answer', () => {
    const lines = consoleLines({ command: ['echo', 'x'] }, marker, undefined);
    expect(lines).not.toContain(marker);
    expect(Math.max(...lines.split('\n').map((line) => line.length))).toBeLessThan(4095);
  });

  test('finds the answer among prompts and other messages', () => {
    const text = `login: # noise\r\n\r\n${marker}-out\r\n${base64('out')}\r\n\r\n${marker}-err\r\n${base64('err')}\r\n\r\n${marker}-end 3\r\n# `;
    expect(parseConsole(text, marker)).toEqual({ stdout: Buffer.from('out'), stderr: Buffer.from('err'), exit: { code: 3 } });
  });

  test('has no answer before the end', () => {
    expect(parseConsole(`${marker}-out\r\nYQ==\r\n${marker}-err\r\n\r\n${marker}-end`, marker)).toBeUndefined();
  });

  test('says so when a kernel message fell into the answer', () => {
    expect(() => parseConsole(`${marker}-out\n[ 1.0] oops: YQ==\n${marker}-err\n\n${marker}-end 0\n`, marker)).toThrow(/damaged/);
  });

  test('refuses a terminal', () => {
    expect(() => consoleLines({ command: [] }, marker, undefined)).toThrow(/cannot carry a terminal/);
  });
});
