/** Where netplan's versions disagree. Found out by running the generators of Debian 12 (0.106) and Debian 13 (1.1.2). */

/** As `0.106.1` counts: [0, 106, 1]. */
export type Version = readonly [number, number, number];

export interface Rules {
  /** Null: the guest's version is not known, and the newest rules are used. */
  readonly version: Version | null;
  has(what: keyof typeof SINCE): boolean;
}

/** The first version that has it. */
const SINCE = {
  'dummy-devices': [0, 107, 0],
  'virtual-ethernets': [0, 107, 0],
  'private-key-flags': [0, 107, 0],
  'hairpin': [1, 0, 0],
  'port-mac-learning': [1, 0, 0],
  'advertised-mss': [1, 0, 0],
  'ra-overrides': [1, 1, 0],
  /** `permanent` and `random` for a MAC. */
  'special-macs': [1, 0, 0],
  /** networkd is told `ipv6-address-generation: stable-privacy`; before, it was an error. */
  'stable-privacy': [1, 0, 0],
  /** A tunnel may leave its `local` out. */
  'tunnel-without-local': [1, 0, 0],
  /** The same name server, search domain or routing policy again is dropped. */
  'repeats-dropped': [1, 0, 0],
  /** Before, the program ended by an assertion when a gateway4 or gateway6 was given again with another value. */
  'gateway-again': [1, 0, 0],
  /** Before, a VRF with routes and no rules ended the program, and its rules' tables were looked at with routes only. */
  'vrf-tables': [1, 0, 0],
  /** WireGuard without peers, or with its key missing, was an error before. */
  'wireguard-lax': [1, 0, 0],
  /** With NetworkManager too. */
  'gretap-anywhere': [1, 0, 0],
  'lacp-rate-checked': [1, 0, 0],
  /** `networkmanager:` under a definition that networkd renders is refused. */
  'networkmanager-checked': [1, 0, 0],
  /** `embedded-switch-mode` on any card. */
  'embedded-switch-mode-anywhere': [1, 0, 0],
} as const satisfies Record<string, Version>;

const OLDEST_KNOWN: Version = [0, 106, 0];

export function rulesOf(text: string | null): Rules {
  const version = text === null ? null : parseVersion(text);
  return { version, has: (what) => version === null || compare(version, SINCE[what]) >= 0 };
}

/** Older than what was looked at: what is said about it may be wrong. */
export function isUnknownVersion({ version }: Rules): boolean {
  return version === null || compare(version, OLDEST_KNOWN) < 0;
}

function parseVersion(text: string): Version | null {
  const found = /^(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : null;
}

function compare(a: Version, b: Version): number {
  for (const at of [0, 1, 2] as const) if (a[at] !== b[at]) return a[at] - b[at];
  return 0;
}
