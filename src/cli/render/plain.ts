/**
 * Takes from a text what would steer a terminal: release names, reasons and messages can hold a guest's own words.
 * Line ends stay.
 */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, ' ');
}

/** The same for what must stay on one line. */
export function oneLine(text: string): string {
  return plain(text).replaceAll('\n', ' ');
}
