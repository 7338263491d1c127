import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseReport } from './report-parser.ts';

const network = {
  v: 1, type: 'network',
  links: [{ name: 'enp1s0', mac: '52:54:00:00:00:01', up: true, carrier: true, driver: 'virtio_net',
    addresses: [{ address: '10.0.2.15', prefix: 24, family: 4, scope: 'global', dynamic: true }] }],
  defaultRoutes: [{ family: 4, via: '10.0.2.2', link: 'enp1s0', metric: 100 }],
};
const system = {
  v: 1, type: 'system', hostname: 'apollo', os: { id: 'debian', version: '12', pretty: 'Debian' }, kernel: '6.1', cpuCount: 1,
  load: [0, 0.1, 1], memory: { usedBytes: 1, totalBytes: 2 }, disks: [{ name: 'sda1', usedBytes: 1, totalBytes: 2 }],
  uptimeS: 5, bootId: 'b', machineId: 'm', cloudInit: { status: 'done', detail: '' }, agentVersion: '0.1.0',
};

const netplan = {
  v: 1, type: 'netplan', first: true, digest: 'a'.repeat(64), omitted: 0, transaction: null, trouble: null,
  files: [{ path: '/etc/netplan/50-cloud-init.yaml', mode: 0o600, uid: 0, gid: 0, mtimeNs: '1', size: 2, sha256: 'b'.repeat(64), content: 'YTo=' }],
};

test('a report of netplan\'s files is read, and refused when a path is none of netplan\'s', () => {
  expect(parseReport(JSON.stringify(netplan))).toMatchObject({ report: { type: 'netplan', files: [{ text: 'a:', bytes: 2 }] } });
  for (const path of ['/etc/shadow', '/etc/netplan/../x.yaml', '/etc/netplan/a\u001b.yaml']) {
    expect(parseReport(JSON.stringify({ ...netplan, files: [{ ...netplan.files[0], path }] }))).toHaveProperty('refused');
  }
});

test('a good report is read', () => {
  const { v: _v, ...plain } = network;
  expect(parseReport(JSON.stringify(network))).toEqual({ report: plain });
  expect(parseReport(JSON.stringify(system))).toHaveProperty('report.hostname', 'apollo');
});

test('a terminal escape in a name refuses the report, in cloud-init\'s words it is taken out', () => {
  expect(parseReport(JSON.stringify({ ...system, hostname: 'a\u001b[2J' }))).toHaveProperty('refused');
  const said = parseReport(JSON.stringify({ ...system, cloudInit: { status: 'error', detail: 'a\u001b[31mb' } }));
  expect(said).toHaveProperty('report.cloudInit.detail', 'a [31mb');
});

test('too many links, or a line that is too long, are refused', () => {
  expect(parseReport(JSON.stringify({ ...network, links: Array(65).fill(network.links[0]) }))).toHaveProperty('refused');
  expect(parseReport(`{"v":1${' '.repeat(70_000)}}`)).toHaveProperty('refused');
});

test('whatever a guest writes is either refused or a report without control characters', () => {
  const damaged = fc.tuple(fc.constantFrom(network, system), fc.string(), fc.jsonValue(), fc.nat()).map(([base, key, value, at]) => {
    const keys = Object.keys(base);
    return JSON.stringify({ ...base, [keys[at % keys.length] ?? key]: value });
  });
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), damaged), (line) => {
    const parsed = parseReport(line);
    if ('refused' in parsed) expect(parsed.refused.length).toBeLessThan(100);
    else expect(JSON.stringify(parsed.report)).not.toMatch(/\\u00[01]/);
  }), { numRuns: 2000 });
});
