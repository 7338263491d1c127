/**
 * Reads one line of a guest's reporter. The guest is hostile: what is too long, too many, of the wrong type or holds
 * control characters is refused as a whole; unknown keys are left out.
 */
import type { NetworkReport, Report, ReportedAddress, ReportedLink, SystemReport } from './report.ts';

export const MAX_LINE_BYTES = 65_536;
const MOST = { links: 64, addresses: 64, routes: 16, disks: 16 } as const;
const STATUSES = ['running', 'done', 'degraded', 'error', 'disabled', 'unknown'] as const;
const SCOPES = ['global', 'link', 'host', 'site'] as const;

class Refused extends Error {}

export type Parsed = { readonly report: Report } | { readonly refused: string };

/** @param line  without its line end */
export function parseReport(line: string): Parsed {
  if (line.length > MAX_LINE_BYTES) return { refused: `a line of ${line.length} characters` };
  try {
    const value = object(JSON.parse(line), 'report');
    if (value['v'] !== 1) throw new Refused('a report of another version');
    if (value['type'] === 'network') return { report: network(value) };
    if (value['type'] === 'system') return { report: system(value) };
    throw new Refused('a report of unknown type');
  } catch (error) {
    return { refused: error instanceof Refused ? error.message : 'a line that is no JSON' };
  }
}

type Fields = Readonly<Record<string, unknown>>;

function network(value: Fields): NetworkReport {
  return {
    type: 'network',
    links: list(value['links'], 'links', MOST.links).map(link),
    defaultRoutes: list(value['defaultRoutes'], 'defaultRoutes', MOST.routes).map((item) => {
      const route = object(item, 'route');
      return {
        family: family(route['family']),
        via: route['via'] === null ? null : address(route['via']),
        link: text(route['link'], 'link', 64),
        metric: integer(route['metric'], 'metric', 0xffff_ffff),
      };
    }),
  };
}

function link(item: unknown): ReportedLink {
  const value = object(item, 'link');
  return {
    name: text(value['name'], 'name', 64),
    mac: text(value['mac'], 'mac', 64),
    up: flag(value['up'], 'up'),
    carrier: flag(value['carrier'], 'carrier'),
    driver: value['driver'] === null ? null : text(value['driver'], 'driver', 64),
    addresses: list(value['addresses'], 'addresses', MOST.addresses).map(reportedAddress),
  };
}

function reportedAddress(item: unknown): ReportedAddress {
  const value = object(item, 'address');
  const kind = family(value['family']);
  return {
    address: address(value['address']),
    prefix: integer(value['prefix'], 'prefix', kind === 4 ? 32 : 128),
    family: kind,
    scope: oneOf(value['scope'], 'scope', SCOPES),
    dynamic: flag(value['dynamic'], 'dynamic'),
  };
}

function system(value: Fields): SystemReport {
  const os = object(value['os'], 'os');
  const memory = object(value['memory'], 'memory');
  const cloudInit = object(value['cloudInit'], 'cloudInit');
  const [one, five, fifteen] = list(value['load'], 'load', 3).map((item) => number(item, 'load'));
  if (one === undefined || five === undefined || fifteen === undefined) throw new Refused('load is not three numbers');
  return {
    type: 'system',
    hostname: text(value['hostname'], 'hostname', 253),
    os: { id: text(os['id'], 'os.id', 64), version: text(os['version'], 'os.version', 64), pretty: text(os['pretty'], 'os.pretty', 128) },
    kernel: text(value['kernel'], 'kernel', 128),
    cpuCount: integer(value['cpuCount'], 'cpuCount', 65_536),
    load: [one, five, fifteen],
    memory: { usedBytes: integer(memory['usedBytes'], 'usedBytes'), totalBytes: integer(memory['totalBytes'], 'totalBytes') },
    disks: list(value['disks'], 'disks', MOST.disks).map((item) => {
      const disk = object(item, 'disk');
      return { name: text(disk['name'], 'disk', 64), usedBytes: integer(disk['usedBytes'], 'usedBytes'), totalBytes: integer(disk['totalBytes'], 'totalBytes') };
    }),
    uptimeS: integer(value['uptimeS'], 'uptimeS'),
    bootId: text(value['bootId'], 'bootId', 64),
    machineId: text(value['machineId'], 'machineId', 64),
    cloudInit: { status: oneOf(cloudInit['status'], 'status', STATUSES), detail: plain(cloudInit['detail'], 256) },
    agentVersion: text(value['agentVersion'], 'agentVersion', 64),
  };
}

function object(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused(`${what} is no object`);
  return value as Fields;
}

function list(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Refused(`${what} is no list of at most ${most}`);
  return value;
}

function text(value: unknown, what: string, most: number): string {
  if (typeof value !== 'string' || value.length > most || unprintable(value)) throw new Refused(`${what} is no short plain text`);
  return value;
}

/** Text of a third program (cloud-init's own words): cleaned rather than refused. */
function plain(value: unknown, most: number): string {
  if (typeof value !== 'string') throw new Refused('detail is no text');
  return Array.from(value.slice(0, most), (character) => (unprintable(character) ? ' ' : character)).join('').trim();
}

/** Control and format characters (terminal escapes, bidirectional overrides), lone surrogates. */
function unprintable(value: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);
}

function integer(value: unknown, what: string, most: number = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > most) throw new Refused(`${what} is no count`);
  return value as number;
}

function number(value: unknown, what: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < 1e9)) throw new Refused(`${what} is no number`);
  return value;
}

function flag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw new Refused(`${what} is no flag`);
  return value;
}

function family(value: unknown): 4 | 6 {
  if (value !== 4 && value !== 6) throw new Refused('family is neither 4 nor 6');
  return value;
}

function address(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f.:]{2,45}$/.test(value)) throw new Refused('address is none');
  return value;
}

function oneOf<T extends string>(value: unknown, what: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) throw new Refused(`${what} is unknown`);
  return found;
}
