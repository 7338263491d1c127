/**
 * Reads one line of a guest's reporter. The guest is hostile: what is too long, too many, of the wrong type or holds
 * control characters is refused as a whole; unknown keys are left out.
 */
import { address, family, type Fields, flag, integer, list, maybe, number, object, oneOf, plain, Refused, SCOPES, text } from './bounded-json.ts';
import { content, digest, netplanPath, owner } from './netguard-look.ts';
import { transactionId } from './netguard-status.ts';
import type { NetplanReport, NetworkReport, Report, ReportedAddress, ReportedFile, ReportedLink, SystemReport } from './report.ts';

export const MAX_LINE_BYTES = 65_536;
const MOST = { links: 64, addresses: 64, routes: 16, disks: 16, files: 64 } as const;
const STATUSES = ['running', 'done', 'degraded', 'error', 'disabled', 'unknown'] as const;

export type Parsed = { readonly report: Report } | { readonly refused: string };

/** @param line  without its line end */
export function parseReport(line: string): Parsed {
  if (line.length > MAX_LINE_BYTES) return { refused: `a line of ${line.length} characters` };
  try {
    const value = object(JSON.parse(line), 'report');
    if (value['v'] !== 1) throw new Refused('a report of another version');
    if (value['type'] === 'network') return { report: network(value) };
    if (value['type'] === 'system') return { report: system(value) };
    if (value['type'] === 'netplan') return { report: netplan(value) };
    throw new Refused('a report of unknown type');
  } catch (error) {
    return { refused: error instanceof Refused ? error.message : 'a line that is no JSON' };
  }
}

function network(value: Fields): NetworkReport {
  return {
    type: 'network',
    links: list(value['links'], 'links', MOST.links).map(link),
    defaultRoutes: list(value['defaultRoutes'], 'defaultRoutes', MOST.routes).map((item) => {
      const route = object(item, 'route');
      return {
        family: family(route['family']),
        via: route['via'] === null ? null : address(route['via'], 4, 6),
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
    address: address(value['address'], kind),
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

function netplan(value: Fields): NetplanReport {
  return {
    type: 'netplan', first: flag(value['first'], 'first'), digest: maybe(value['digest'], digest),
    files: list(value['files'], 'files', MOST.files).map(reportedFile), omitted: integer(value['omitted'], 'omitted', 65_536),
    transaction: maybe(value['transaction'], transactionId), trouble: maybe(value['trouble'], (trouble) => plain(trouble, 300)),
  };
}

function reportedFile(item: unknown): ReportedFile {
  const value = object(item, 'file');
  return {
    path: netplanPath(value['path']), ...owner(value), mtimeNs: text(value['mtimeNs'], 'mtimeNs', 24),
    bytes: integer(value['size'], 'size'), sha256: digest(value['sha256']), text: maybe(value['content'], content),
  };
}
