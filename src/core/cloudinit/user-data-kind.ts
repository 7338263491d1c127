/**
 * Decides what a user's data is, by the rules of cloud-init itself: gzip by its magic, MIME by the words
 * "MIME-Version:" in its first 4096 bytes, everything else by how it begins, the longest prefix first
 * (cloud-init: handlers.type_from_starts_with, user_data.convert_string).
 */
import { latin1 } from './text.ts';

export type UserDataKind =
  | 'empty' | 'gzip' | 'mime' | 'cloud-config' | 'cloud-config-archive' | 'cloud-config-jsonp'
  | 'script' | 'jinja' | 'include' | 'boothook' | 'part-handler' | 'unknown';

const PREFIXES: readonly (readonly [string, UserDataKind])[] = [
  ['#cloud-config-archive', 'cloud-config-archive'],
  ['#cloud-config-jsonp', 'cloud-config-jsonp'],
  ['## template: jinja', 'jinja'],
  ['#cloud-boothook', 'boothook'],
  ['#include-once', 'include'],
  ['#cloud-config', 'cloud-config'],
  ['#part-handler', 'part-handler'],
  ['#include', 'include'],
  ['#!', 'script'],
];

/** How far cloud-init looks for a MIME header. */
const MIME_WINDOW = 4096;

export function userDataKind(bytes: Uint8Array): UserDataKind {
  if (bytes.length === 0) return 'empty';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  const head = latin1(bytes.subarray(0, MIME_WINDOW)).toLowerCase();
  if (head.includes('mime-version:')) return 'mime';
  const start = head.trimStart();
  if (start === '' && bytes.length <= MIME_WINDOW) return 'empty';
  return PREFIXES.find(([prefix]) => start.startsWith(prefix))?.[1] ?? 'unknown';
}
