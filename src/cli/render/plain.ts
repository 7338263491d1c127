/** What is shown in a terminal steers none: release names, reasons and messages can hold a guest's own words. */
import { plainLine, plainText } from '../../core/plain-text.ts';

/** Line ends stay. */
export function plain(text: string): string {
  return plainText(text);
}

/** The same for what must stay on one line. */
export function oneLine(text: string): string {
  return plainLine(text);
}
