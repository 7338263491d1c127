/** Decides where packages come from while an image is built, and what its apt will use afterwards. */
import type { DebianRelease } from './releases.ts';

export interface Mirrors {
  readonly main: string;
  /** Undefined: build without security updates (a closed network may have no such mirror). */
  readonly security: string | undefined;
}

const COMPONENTS = 'main';

/**
 * @param wanted  what the user asked for; security `none` means without
 * @param hostSources  the host's apt sources, in either of apt's two forms
 * @returns undefined where nobody named a mirror: mmdebstrap then uses Debian's own, and writes it into the new system
 */
export function chooseMirrors(wanted: { main?: string | undefined; security?: string | undefined }, hostSources: readonly string[]): Mirrors | undefined {
  const uris = hostSources.flatMap(sourceUris);
  const main = wanted.main ?? uris.find((uri) => uri.endsWith('/debian'));
  if (main === undefined) return undefined;
  const security = wanted.security ?? uris.find((uri) => uri.endsWith('/debian-security')) ?? besides(main);
  return { main, security: security === 'none' ? undefined : security };
}

/** Mirrors keep the security updates beside the rest, as Debian's own do. */
function besides(main: string): string | undefined {
  return main.endsWith('/debian') ? `${main}-security` : undefined;
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

/**
 * The guest's own sources; empty where mmdebstrap's are to stay. A mirror on the host's loopback is out of the guest's
 * reach: it is left out, and said so.
 */
export function guestSources(release: DebianRelease, mirrors: Mirrors | undefined): string {
  if (mirrors === undefined) return '';
  const { codename } = release;
  const stanza = (uri: string, suites: string): string => reachable(uri)
    ? `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${COMPONENTS}\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`
    : `# The mirror that this image was built from cannot be reached from here. Name one for: ${suites}\n`;
  const security = mirrors.security === undefined ? [] : [stanza(mirrors.security, `${codename}-security`)];
  return [stanza(mirrors.main, `${codename} ${codename}-updates`), ...security].join('\n');
}

function reachable(uri: string): boolean {
  const host = URL.canParse(uri) ? new URL(uri) : undefined;
  return host !== undefined && /^https?:$/.test(host.protocol) && !/^(?:localhost|127\..*|\[::1\])$/.test(host.hostname);
}

/** @returns whether text may stand in a sources line: one word, a URL that apt knows */
export function isMirrorUri(text: string): boolean {
  return /^(?:https?|file|copy):\/\/?[^\s[\]]+$/.test(text) && URL.canParse(text);
}
