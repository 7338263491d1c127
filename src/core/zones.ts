/** The zones that instances are in, as Multipass has them: three, which can be made unavailable to try what that does. */

export const ZONES = ['zone1', 'zone2', 'zone3'] as const;
export type ZoneName = (typeof ZONES)[number];

/** @param text  a name, or its number: `2` is zone2 */
export function zoneNamed(text: string): ZoneName | undefined {
  return ZONES.find((zone, index) => zone === text || String(index + 1) === text);
}
