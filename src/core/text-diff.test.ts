import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDiff } from './text-diff.ts';

test('what is the same has no difference', () => {
  expect(unifiedDiff(['a', 'b'], 'x\n', 'x\n')).toBe('');
});

test('a changed line is shown with three lines around it', () => {
  const text = Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`);
  expect(unifiedDiff(['old', 'new'], text.join(''), text.with(5, 'another\n').join(''))).toBe(
    `--- old\n+++ new\n@@ -3,7 +3,7 @@\n line 3\n line 4\n line 5\n-line 6\n+another\n line 7\n line 8\n line 9\n`,
  );
});

test('a file that was made or removed is shown against nothing, and a missing line end is told', () => {
  expect(unifiedDiff(['old', 'new'], undefined, 'x')).toBe('--- /dev/null\n+++ new\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n');
  expect(unifiedDiff(['old', 'new'], 'x\n', undefined)).toBe('--- old\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n');
});

test('git makes the new text of the old one and the difference', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-diff-'));
  try {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'dhcp4: true', ''), { maxLength: 30 });
    fc.assert(fc.property(lines, lines, fc.boolean(), fc.boolean(), (one, two, endOne, endTwo) => {
      const text = (list: readonly string[], end: boolean): string => list.join('\n') + (end && list.length > 0 ? '\n' : '');
      const [before, after] = [text(one, endOne), text(two, endTwo)];
      fc.pre(before !== '' && after !== '' && before !== after);
      writeFileSync(join(directory, 'file'), before);
      writeFileSync(join(directory, 'difference'), unifiedDiff(['file', 'file'], before, after));
      const patched = execFileSync('git', ['apply', '--whitespace=nowarn', '-p0', '--no-index', 'difference'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
      expect(patched.toString()).toBe('');
      expect(execFileSync('cat', ['file'], { cwd: directory }).toString()).toBe(after);
    }), { numRuns: 60 });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('two texts that have little in common do not take for ever', () => {
  const text = (word: string): string => Array.from({ length: 20_000 }, (_, index) => `${word} ${index}\n`).join('');
  const began = performance.now();
  expect(unifiedDiff(['a', 'b'], text('one'), text('two')).length).toBeGreaterThan(100_000);
  expect(performance.now() - began).toBeLessThan(10_000);
});
