/** What netguard saw of a guest's network, read within limits. */
import { address, family, flag, integer, list, maybe, object, oneOf, Refused, SCOPES, text } from './bounded-json.ts';
import { parseStatus, type NetguardStatus } from './netguard-status.ts';

/** A file as it lies in the guest. */
export interface SeenFile {
  readonly path: string;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970: more than a number holds. */
  readonly mtimeNs: string;
}

export interface SeenAddress {
  readonly address: string;
  readonly prefix: number;
  readonly family: 4 | 6;
  readonly scope: (typeof SCOPES)[number];
  readonly how: 'dhcp' | 'ra' | 'static' | 'link-local';
  readonly validForS: number | null;
}

/** As networkd has it. */
export interface SeenLease {
  readonly address: string;
  readonly server: string | null;
  readonly lifetimeS: number | null;
  readonly routers: readonly string[];
  readonly dns: readonly string[];
}

export interface SeenLink {
  readonly name: string;
  readonly kind: 'ethernet' | 'loopback' | 'wifi' | 'virtual' | 'other';
  /** Null for a link without, as a tunnel. */
  readonly mac: string | null;
  readonly permanentMac: string | null;
  readonly driver: string | null;
  readonly up: boolean;
  readonly carrier: boolean;
  readonly mtu: number;
  /** The bridge or bond that it is in. */
  readonly master: string | null;
  readonly managed: boolean;
  /** networkd's file that applies to it. */
  readonly configuredBy: string | null;
  readonly dns: readonly string[];
  readonly domains: readonly string[];
  readonly lease: SeenLease | null;
  readonly addresses: readonly SeenAddress[];
}

export interface SeenRoute {
  readonly family: 4 | 6;
  /** `default`, or with its prefix. */
  readonly to: string;
  readonly via: string | null;
  readonly link: string;
  readonly metric: number;
  /** `unknown`: the kernel's own, with an address. */
  readonly how: 'dhcp' | 'ra' | 'static' | 'unknown';
}

export interface GuestLook {
  /** Of /run/netplan, /etc/netplan and /lib/netplan, those that another one hides included. */
  readonly files: readonly SeenFile[];
  /** One word for the whole set: paths, owners, modes, contents. */
  readonly digest: string;
  readonly links: readonly SeenLink[];
  readonly routes: readonly SeenRoute[];
  readonly nameServers: readonly string[];
  /** Upstream's numbers, as `0.106`; null where they are not known. */
  readonly versions: { readonly netplan: string | null; readonly systemd: string | null };
  readonly renderers: { readonly networkd: boolean; readonly networkManager: boolean };
  /** Paths in /etc/systemd/network and /run/systemd/network. */
  readonly networkdFiles: readonly string[];
  readonly transaction: NetguardStatus;
}

const MOST = { files: 64, links: 64, addresses: 64, routes: 256, names: 128, servers: 16 } as const;
const MOST_FILE_BYTES = 256 * 1024;

/** @throws Refused */
export function parseLook(answer: Readonly<Record<string, unknown>>): GuestLook {
  const versions = object(answer['versions'], 'versions');
  const renderers = object(answer['renderers'], 'renderers');
  return {
    files: list(answer['files'], 'files', MOST.files).map(file),
    digest: digest(answer['digest']),
    links: list(answer['links'], 'links', MOST.links).map(link),
    routes: list(answer['routes'], 'routes', MOST.routes).map(route),
    nameServers: addresses(answer['nameServers']),
    versions: { netplan: maybe(versions['netplan'], upstream), systemd: maybe(versions['systemd'], upstream) },
    renderers: { networkd: flag(renderers['networkd'], 'networkd'), networkManager: flag(renderers['networkManager'], 'networkManager') },
    networkdFiles: list(answer['networkdFiles'], 'networkdFiles', MOST.names).map((path) => text(path, 'path', 300)),
    transaction: parseStatus(object(answer['transaction'], 'transaction')),
  };
}

export function digest(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw new Refused('digest is none');
  return value;
}

/** Text, since netplan reads no other: bytes that are none are a file that it refuses. */
export function content(value: unknown): string {
  if (typeof value !== 'string' || value.length > MOST_FILE_BYTES * 1.4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new Refused('content is no base64');
  return Buffer.from(value, 'base64').toString();
}

export function netplanPath(value: unknown): string {
  if (typeof value !== 'string' || !/^\/(?:etc|run|lib)\/netplan\/[^/\p{Cc}\p{Cf}\p{Cs}]{1,250}\.yaml$/u.test(value)) throw new Refused('path is none of netplan\'s');
  return value;
}

function file(item: unknown): SeenFile {
  const value = object(item, 'file');
  const mtimeNs = text(value['mtimeNs'], 'mtimeNs', 24);
  if (!/^-?\d+$/.test(mtimeNs)) throw new Refused('mtimeNs is no number');
  return { path: netplanPath(value['path']), text: content(value['content']), ...owner(value), mtimeNs };
}

export function owner(value: Readonly<Record<string, unknown>>): Pick<SeenFile, 'mode' | 'uid' | 'gid'> {
  return { mode: integer(value['mode'], 'mode', 0o7777), uid: integer(value['uid'], 'uid', 0xffff_ffff), gid: integer(value['gid'], 'gid', 0xffff_ffff) };
}

function link(item: unknown): SeenLink {
  const value = object(item, 'link');
  return {
    name: text(value['name'], 'name', 64),
    kind: oneOf(value['kind'], 'kind', ['ethernet', 'loopback', 'wifi', 'virtual', 'other']),
    mac: mac(value['mac']), permanentMac: maybe(value['permanentMac'], mac),
    driver: maybe(value['driver'], (driver) => text(driver, 'driver', 64)),
    up: flag(value['up'], 'up'), carrier: flag(value['carrier'], 'carrier'), mtu: integer(value['mtu'], 'mtu', 0xffff_ffff),
    master: maybe(value['master'], (name) => text(name, 'master', 64)),
    managed: flag(value['managed'], 'managed'),
    configuredBy: maybe(value['configuredBy'], (path) => text(path, 'configuredBy', 300)),
    dns: list(value['dns'], 'dns', MOST.servers).map((server) => text(server, 'dns', 80)),
    domains: list(value['domains'], 'domains', MOST.servers).map((domain) => text(domain, 'domain', 255)),
    lease: maybe(value['lease'], lease),
    addresses: list(value['addresses'], 'addresses', MOST.addresses).map(seenAddress),
  };
}

function mac(value: unknown): string | null {
  const found = text(value, 'mac', 64);
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(found) ? found : null;
}

function lease(item: unknown): SeenLease {
  const value = object(item, 'lease');
  return {
    address: address(value['address'], 4), server: maybe(value['server'], (server) => address(server, 4)),
    lifetimeS: maybe(value['lifetimeS'], (seconds) => integer(seconds, 'lifetimeS')),
    routers: addresses(value['routers']), dns: addresses(value['dns']),
  };
}

function addresses(value: unknown): readonly string[] {
  return list(value, 'addresses', MOST.servers).map((item) => address(item, 4, 6));
}

function seenAddress(item: unknown): SeenAddress {
  const value = object(item, 'address');
  const kind = family(value['family']);
  return {
    address: address(value['address'], kind), prefix: integer(value['prefix'], 'prefix', kind === 4 ? 32 : 128), family: kind,
    scope: oneOf(value['scope'], 'scope', SCOPES), how: oneOf(value['how'], 'how', ['dhcp', 'ra', 'static', 'link-local']),
    validForS: maybe(value['validForS'], (seconds) => integer(seconds, 'validForS', 0xffff_ffff)),
  };
}

function route(item: unknown): SeenRoute {
  const value = object(item, 'route');
  return {
    family: family(value['family']), to: text(value['to'], 'to', 64), via: maybe(value['via'], (via) => address(via, 4, 6)),
    link: text(value['link'], 'link', 64), metric: integer(value['metric'], 'metric', 0xffff_ffff),
    how: oneOf(value['how'], 'how', ['dhcp', 'ra', 'static', 'unknown']),
  };
}

/** Of a package's version, what its makers call it: no epoch, no revision of a distribution's. */
function upstream(value: unknown): string | null {
  return /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(text(value, 'version', 64))?.[1] ?? null;
}
