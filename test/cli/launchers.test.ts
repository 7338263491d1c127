/** The launchers in bin/, which are text of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NODE_FLAGS } from '../../src/core/node-flags.ts';

// The command line sets them by itself, later: src/cli/without-maglev.ts.
test.each([['holdfast', ''], ['holdfastd', ` ${NODE_FLAGS.join(' ')}`]])('%s starts every Node with the flags of ours', (launcher, flags) => {
  const starts = readFileSync(join(import.meta.dirname, '../../bin', launcher), 'utf8').match(/exec (?:"\$n"|node) .*?"\$@"/g);
  expect(starts).toHaveLength(2);
  for (const start of starts ?? []) expect(start).toMatch(new RegExp(`^exec (?:"\\$n"|node)${flags} "\\$d/`));
});
