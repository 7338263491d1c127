/**
 * Columns as wide as their longest cell and three spaces, never narrower than given; no blanks at a line's end. What steers a
 * terminal is taken out of all of them.
 */
import { oneLine } from './plain.ts';

export interface Column {
  readonly title: string;
  readonly minimum?: number;
}

const GAP = 3;

export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(oneLine));
  const widths = columns.map(({ title, minimum = 0 }, at) =>
    Math.max(minimum, ...[title, ...cells.map((row) => row[at] ?? '')].map((cell) => width(cell) + GAP)));
  const line = (row: readonly string[]) =>
    `${row.map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - width(cell)))).join('').trimEnd()}\n`;
  return line(columns.map(({ title }) => title)) + cells.map(line).join('');
}

/** In characters, not in UTF-16 units. */
function width(cell: string): number {
  return Array.from(cell).length;
}
