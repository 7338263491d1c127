import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { findBanner } from './banner.ts';

const find = (text: string) => findBanner(Buffer.from(text, 'latin1'));

describe('findBanner', () => {
  test('finds the banner behind stale bytes without a line end', () => {
    expect(find('\x00\xffjunkSSH-2.0-OpenSSH_9.2\r\n')).toEqual({ kind: 'banner', at: 6 });
  });

  test("finds the doorman's line before the banner", () => {
    expect(find('xxholdfast-doorman 1.0 control 7\r\nSSH-2.0-x')).toEqual({ kind: 'doorman', line: '1.0 control 7', end: 34 });
  });

  test('tells an error line from a greeting', () => {
    expect(find('holdfast-doorman-error no sshd here\r\n')).toMatchObject({ kind: 'error', reason: 'no sshd here' });
  });

  test('waits for the end of a line, but not for ever', () => {
    expect(find('abcholdfast-doorman 1.0')).toEqual({ kind: 'more', keepFrom: 3 });
    expect(find(`holdfast-doorman ${'x'.repeat(600)}`)).toEqual({ kind: 'more', keepFrom: 617 - 22 });
  });

  test('finds the marks however the stream is cut into pieces', () => {
    const whole = Buffer.from('stale SSH-1 holdfast-doo\x00holdfast-doorman 1 control 1\r\nSSH-2.0-y\r\n', 'latin1');
    fc.assert(fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
      const seen: string[] = [];
      let held = Buffer.alloc(0);
      const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      for (let i = 1; i < edges.length; i += 1) {
        held = Buffer.concat([held, whole.subarray(edges[i - 1], edges[i])]);
        for (let more = true; more;) {
          const found = findBanner(held);
          more = found.kind === 'doorman';
          if (found.kind === 'more') held = held.subarray(found.keepFrom);
          else if (found.kind === 'banner') seen.push(held.toString('latin1', found.at));
          else { seen.push(found.kind); held = held.subarray(found.end); }
        }
      }
      expect(seen.filter((one, i) => seen.indexOf(one) === i && one === 'doorman')).toEqual(['doorman']);
      expect(seen.at(-1)).toBe('SSH-2.0-y\r\n');
    }));
  });
});
