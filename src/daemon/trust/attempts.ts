/**
 * How often a passphrase may be tried: by each source a few times at once, then slowly. A source that guesses is refused
 * without the passphrase being looked at, and costs the others nothing.
 */
import { parseIp } from '../../core/netplan/address.ts';

export interface Pace {
  /** At once, after a pause. */
  readonly burst: number;
  /** In which one more is allowed. */
  readonly everyMs: number;
  /** How many sources are remembered; beyond that the one that was longest silent is forgotten. */
  readonly sources: number;
}

export interface Attempts {
  /** @returns milliseconds until this source may try; 0: it may now, and has */
  waitFor(source: string): number;
}

/** @param now  milliseconds that never go back */
export function attempts({ burst, everyMs, sources }: Pace, now: () => number): Attempts {
  /** When the allowance is whole again; in the order of their last tries. */
  const wholeAt = new Map<string, number>();
  return {
    waitFor(source) {
      const at = now();
      const whole = Math.max(wholeAt.get(source) ?? at, at);
      const wait = whole - at - (burst - 1) * everyMs;
      if (wait > 0) return wait;
      wholeAt.delete(source);
      wholeAt.set(source, whole + everyMs);
      const [oldest] = wholeAt.keys();
      if (wholeAt.size > sources && oldest !== undefined) wholeAt.delete(oldest);
      return 0;
    },
  };
}

/** Who guesses has one IPv4 address, and of IPv6 usually a whole /64. @param address  as a socket names its peer */
export function sourceOf(address: string): string {
  const text = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*/, '');
  const ip = parseIp(text);
  return ip?.family === 6 ? `${(ip.value >> 64n).toString(16)}/64` : text;
}
