/** Single values, as strictly as netplan takes each kind. */
import type { Family } from './facts.ts';
import type { Place } from './definition.ts';
import { parseIp } from './address.ts';
import { refuse } from './refused.ts';
import type { Rules } from './versions.ts';

const TRUE = new Set(['true', 'on', 'yes', 'y']);
const FALSE = new Set(['false', 'off', 'no', 'n']);
const LARGEST = 0xffff_ffff;
/** What stands for "not given" in netplan's own records: given, it is the same as left out. */
export const NOT_GIVEN = LARGEST;

export function readBool(text: string, place: Place): boolean {
  const word = text.toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  return refuse('bad-value', `${quoted(text)} is neither true nor false`, place);
}

/** Nothing at all counts as 0. */
export function readUint(text: string, place: Place): number {
  const found = /^[ \t\n\v\f\r]*\+?(\d*)$/.exec(text);
  const digits = found?.[1];
  if (digits === undefined || digits.length > 20 || Number(digits) > LARGEST || (digits === '' && text !== '')) return refuse('bad-value', `${quoted(text)} is no whole number from 0 to ${LARGEST}`, place);
  return Number(digits);
}

export function checkIp(text: string, families: readonly Family[], place: Place): void {
  const ip = parseIp(text);
  if (ip && families.includes(ip.family)) return;
  const wanted = families.length === 2 ? 'an IP address' : `an IPv${families[0] ?? ''} address`;
  refuse('bad-address', `${quoted(text)} is not ${wanted} (without a prefix length)`, place);
}

/** @returns its family and prefix; `prefix` null: netplan takes how it is written, networkd does not */
export function readInterfaceAddress(text: string, place: Place): { readonly family: Family; readonly address: string; readonly prefix: number | null } {
  const slash = text.lastIndexOf('/');
  if (slash < 0) return refuse('bad-address', `the address ${quoted(text)} has no prefix length, such as ${text}/24`, place);
  const address = text.slice(0, slash);
  const ip = parseIp(address);
  if (!ip) return refuse('bad-address', `${quoted(text)} is no address with a prefix length`, place);
  // Read like strtoul(3): what comes after the digits is not looked at.
  const digits = /^[ \t]*\+?(\d{1,9})/.exec(text.slice(slash + 1))?.[1];
  const prefix = Number(digits ?? 0);
  if (prefix === 0 || prefix > (ip.family === 4 ? 32 : 128)) return refuse('bad-address', `the prefix length of ${quoted(text)} is not between 1 and ${ip.family === 4 ? 32 : 128}`, place);
  return { family: ip.family, address, prefix: String(prefix) === text.slice(slash + 1) ? prefix : null };
}

const MAC = /^[\da-f]{2}(?::[\da-f]{2}){5}(?:(?::[\da-f]{2}){14})?$/i;
const SPECIAL_MACS = ['permanent', 'random', 'stable', 'preserve', 'stable-ssid'];

export function checkMac(text: string, place: Place): void {
  if (!MAC.test(text)) refuse('bad-mac', `${quoted(text)} is no MAC address`, place);
}

/** A MAC to be set; later versions know words for some. */
export function checkWantedMac(text: string, rules: Rules, place: Place): void {
  if (!(rules.has('special-macs') && SPECIAL_MACS.includes(text))) checkMac(text, place);
}

/** A name or glob of links. */
export function checkName(text: string, place: Place): void {
  if (!/^[\u0021-\u007e]+$/.test(text)) refuse('bad-name', `${quoted(text)} cannot be a name here: it must be of printable ASCII characters without blanks`, place);
}

export function checkId(text: string, place: Place): void {
  checkName(text, place);
  if (/[*?[\]]/.test(text)) refuse('bad-name', `the id ${quoted(text)} must have no wildcards; give it a plain name and put the wildcard into match: name`, place);
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
