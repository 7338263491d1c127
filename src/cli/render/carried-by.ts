import { oneLine } from './plain.ts';

/** What --verbose tells of the way by which a command reached its instance. @param passedOver  each better way, and why it was not taken */
export function carriedBy(rung: string, passedOver: readonly string[]): string {
  return `${oneLine(`carried by: ${rung}${passedOver.length > 0 ? `; passed over: ${passedOver.join('; ')}` : ''}`)}\n`;
}
