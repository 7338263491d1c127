/** Decides where packages come from while an image is built, and what its apt will use afterwards. */
import type { DebianRelease } from './releases.ts';

export interface Mirrors {
  readonly main: string;
  /** Undefined: build without security updates (a closed network may have no such mirror). */
  readonly security: string | undefined;
}

const DEFAULTS = { main: 'http://mirror.example/debian', security: 'http://mirror.example/debian-security' };
const COMPONENTS = 'main';

/**
 * @param wanted  what the user asked for; security `none` means without
 * @param hostSources  the host's apt sources, in either of apt's two forms
 */
export function chooseMirrors(wanted: { main?: string | undefined; security?: string | undefined }, hostSources: readonly string[]): Mirrors {
  const uris = hostSources.flatMap(sourceUris);
  const main = wanted.main ?? uris.find((uri) => uri.endsWith('/debian')) ?? DEFAULTS.main;
  const security = wanted.security ?? uris.find((uri) => uri.endsWith('/debian-security')) ?? DEFAULTS.security;
  return { main, security: security === 'none' ? undefined : security };
}

function sourceUris(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line)?.[1] ?? /^URIs:\s*(.+)$/i.exec(line)?.[1] ?? '';
    return found.split(/\s+/).map((uri) => uri.replace(/\/+$/, '')).filter((uri) => /^https?:\/\//.test(uri));
  });
}

/** Lines for mmdebstrap; only the Debian keyring is trusted for them. */
export function buildSources(release: DebianRelease, mirrors: Mirrors, keyring: string): string[] {
  const line = (uri: string, suite: string): string => `deb [signed-by=${keyring}] ${uri} ${suite} ${COMPONENTS}`;
  const { codename } = release;
  const security = mirrors.security === undefined ? [] : [line(mirrors.security, `${codename}-security`)];
  return [line(mirrors.main, codename), line(mirrors.main, `${codename}-updates`), ...security];
}

/** The guest's own sources. A mirror on the host's loopback is out of the guest's reach: it gets Debian's. */
export function guestSources(release: DebianRelease, mirrors: Mirrors): string {
  const { codename } = release;
  const stanza = (uri: string, suites: string): string =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${COMPONENTS}\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;
  const main = reachable(mirrors.main) ? mirrors.main : DEFAULTS.main;
  const security = mirrors.security !== undefined && reachable(mirrors.security) ? mirrors.security : DEFAULTS.security;
  return [stanza(main, `${codename} ${codename}-updates`), stanza(security, `${codename}-security`)].join('\n');
}

function reachable(uri: string): boolean {
  const host = URL.canParse(uri) ? new URL(uri) : undefined;
  return host !== undefined && /^https?:$/.test(host.protocol) && !/^(?:localhost|127\..*|\[::1\])$/.test(host.hostname);
}

/** @returns whether text may stand in a sources line: one word, a URL that apt knows */
export function isMirrorUri(text: string): boolean {
  return /^(?:https?|file|copy):\/\/?[^\s[\]]+$/.test(text) && URL.canParse(text);
}
