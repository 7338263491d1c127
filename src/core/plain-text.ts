/**
 * Takes from a text what steers whoever shows it: control characters and escape sequences, marks that turn the direction
 * of writing, line separators. Guests, images and files write names and reasons that end in terminals and logs.
 */

/** Marks of direction; separators; halves of characters. */
const MARKS = String.raw`\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\p{Cs}`;
/** C0 (a line end apart), DEL, C1. */
const STEERING = new RegExp(String.raw`[\u0000-\u0009\u000b-\u001f\u007f-\u009f${MARKS}]+`, 'gu');
const STEERING_OR_LINE_END = new RegExp(String.raw`[\u0000-\u001f\u007f-\u009f${MARKS}]+`, 'gu');

/** Line ends stay; a run of what else steers becomes one blank. */
export function plainText(text: string): string {
  return text.replace(STEERING, ' ');
}

/** The same for what must stay on one line, cut with `…` where it is longer than allowed. */
export function plainLine(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  // Cut first: cleaning takes time, and who wrote the text chose its length.
  const cut = text.length > maxLength;
  return (cut ? text.slice(0, maxLength) : text).replace(STEERING_OR_LINE_END, ' ') + (cut ? '…' : '');
}
