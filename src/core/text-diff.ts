/** Differences between two texts, line by line, as `diff -u` shows them (POSIX, diff: "Unified Output Format"). */

const CONTEXT = 3;
/** Beyond so many lines that differ the search stops, and all of one text is shown against all of the other. */
const MOST_DIFFERENT = 500;

type Edit = { readonly kind: ' ' | '-' | '+'; readonly line: string };

/**
 * @param names  shown as they are: of the old text and of the new one; a text that was not there is undefined
 * @returns nothing where both are the same
 */
export function unifiedDiff(names: readonly [string, string], before: string | undefined, after: string | undefined): string {
  if (before === after) return '';
  const edits = script(linesOf(before ?? ''), linesOf(after ?? ''));
  const head = `--- ${before === undefined ? '/dev/null' : names[0]}\n+++ ${after === undefined ? '/dev/null' : names[1]}\n`;
  return head + hunks(edits).map((hunk) => `${hunk.head}\n${hunk.edits.map(shown).join('')}`).join('');
}

const NO_NEWLINE = '\\ No newline at end of file\n';

/** Each with its line end; the last may have none. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function shown({ kind, line }: Edit): string {
  return line.endsWith('\n') ? kind + line : `${kind}${line}\n${NO_NEWLINE}`;
}

/** Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): the furthest point on each diagonal, edit by edit. */
function script(a: readonly string[], b: readonly string[]): Edit[] {
  const start = common(a, b, (list, index) => list[index]);
  const end = Math.min(common(a, b, (list, index) => list[list.length - 1 - index]), Math.min(a.length, b.length) - start);
  const [from, to] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => ({ kind: ' ', line }));
  return [...same(a.slice(0, start)), ...middle(from, to), ...same(a.slice(a.length - end))];
}

function common(a: readonly string[], b: readonly string[], at: (list: readonly string[], index: number) => string | undefined): number {
  let count = 0;
  while (count < Math.min(a.length, b.length) && at(a, count) === at(b, count)) count += 1;
  return count;
}

function middle(a: readonly string[], b: readonly string[]): Edit[] {
  const reached: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= Math.min(a.length + b.length, MOST_DIFFERENT); edits += 1) {
    reached.push(furthest);
    furthest = new Map(furthest);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = isDown(furthest, diagonal, edits) ? furthest.get(diagonal + 1) ?? 0 : (furthest.get(diagonal - 1) ?? 0) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1;
      furthest.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return walkBack(a, b, reached);
    }
  }
  return [...a.map((line): Edit => ({ kind: '-', line })), ...b.map((line): Edit => ({ kind: '+', line }))];
}

function isDown(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  return diagonal === -edits || (diagonal !== edits && (furthest.get(diagonal - 1) ?? -1) < (furthest.get(diagonal + 1) ?? -1));
}

function walkBack(a: readonly string[], b: readonly string[], reached: readonly Map<number, number>[]): Edit[] {
  const back: Edit[] = [];
  let [x, y] = [a.length, b.length];
  for (let edits = reached.length - 1; edits >= 0; edits -= 1) {
    const furthest = reached[edits] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = isDown(furthest, diagonal, edits);
    const fromX = furthest.get(down ? diagonal + 1 : diagonal - 1) ?? 0;
    const begin = down ? fromX : fromX + 1;
    // What is the same behind the one edit.
    for (; x > begin; [x, y] = [x - 1, y - 1]) back.push({ kind: ' ', line: a[x - 1] ?? '' });
    if (edits === 0) break;
    back.push(down ? { kind: '+', line: b[y - 1] ?? '' } : { kind: '-', line: a[x - 1] ?? '' });
    [x, y] = [fromX, fromX - (down ? diagonal + 1 : diagonal - 1)];
  }
  return back.toReversed();
}

function hunks(edits: readonly Edit[]): { readonly head: string; readonly edits: readonly Edit[] }[] {
  const near = edits.map((_, index) => edits.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== ' '));
  const found: { head: string; edits: Edit[] }[] = [];
  let [oldLine, newLine, open] = [1, 1, false];
  for (const [index, edit] of edits.entries()) {
    if (near[index]) {
      if (!open) found.push({ head: `${oldLine} ${newLine}`, edits: [] });
      found.at(-1)?.edits.push(edit);
    }
    open = near[index] ?? false;
    if (edit.kind !== '+') oldLine += 1;
    if (edit.kind !== '-') newLine += 1;
  }
  return found.map(({ head, edits: own }) => {
    const [from = 1, to = 1] = head.split(' ').map(Number);
    return { head: `@@ -${range(from, own.filter(({ kind }) => kind !== '+').length)} +${range(to, own.filter(({ kind }) => kind !== '-').length)} @@`, edits: own };
  });
}

/** A range of none begins at the line before it. */
function range(first: number, count: number): string {
  return count === 1 ? String(first) : `${count === 0 ? first - 1 : first},${count}`;
}
