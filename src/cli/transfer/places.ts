/** Which side each argument of "transfer" is on: `name:path` is in an instance, `-` is a standard stream, the rest is here. */
import { UsageError } from '../failure.ts';

export interface InGuest {
  readonly instance: string;
  /** Empty: the user's home there. */
  readonly path: string;
}

export type Plan =
  | { readonly way: 'in'; readonly sources: readonly string[]; readonly to: InGuest }
  | { readonly way: 'out'; readonly sources: readonly InGuest[]; readonly to: string };

export const STANDARD_STREAM = '-';
/** A path here that looks like it is written `./a:b`. */
const IN_GUEST = /^([A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?):(.*)$/s;

/** @throws UsageError */
export function planOf(args: readonly string[], recursive: boolean): Plan {
  const sources = args.slice(0, -1);
  const to = args.at(-1) ?? '';
  const streams = args.filter((arg) => arg === STANDARD_STREAM).length;
  if (streams > 1) throw new UsageError('A standard stream can be one end of a transfer only', 'the other is in an instance: holdfast transfer - apollo:notes.txt');
  if (streams === 1 && args.length > 2) throw new UsageError('With a standard stream there is one source and one destination');
  if (streams === 1 && recursive) throw new UsageError('Option --recursive has no sense for a standard stream');
  if (args.includes('')) throw new UsageError('A path is empty', 'this directory is "."');
  const places = sources.map(inGuest);
  const target = inGuest(to);
  if (target) {
    if (places.some((place) => place !== undefined)) {
      throw new UsageError('Both the source and the destination are in an instance', 'carry it through here: holdfast transfer a:file - | holdfast transfer - b:file');
    }
    return { way: 'in', sources, to: target };
  }
  const there = places.filter((place) => place !== undefined);
  if (there.length === 0) throw new UsageError('Neither the source nor the destination is in an instance', 'name it in front of the path: holdfast transfer notes.txt apollo:');
  if (there.length < places.length) throw new UsageError('Some sources are in an instance and some are here');
  return { way: 'out', sources: there, to };
}

function inGuest(word: string): InGuest | undefined {
  const [, instance, path] = IN_GUEST.exec(word) ?? [];
  return instance === undefined || path === undefined ? undefined : { instance, path };
}
