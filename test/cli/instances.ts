/** Instances for the golden files: one of each kind of trouble. */
import type { WireInstance } from '../../src/api/schemas.ts';

const base: WireInstance = {
  id: '0a1b2c3d', name: 'apollo', state: 'Stopped', reason: null, zone: { name: 'zone1', available: true },
  image: { name: 'debian:12', os: 'Debian', release: '12 (bookworm)', digest: 'ab5191cc172564e7cc0eafd397312a32598823e645279c820f0935393aead509' },
  architecture: 'x86_64', cpus: 1, memoryBytes: 1073741824, diskBytes: 5368709120, snapshotCount: 0, ipv4: [], ipv6: [], guest: null, figuresAt: null,
  hold: { level: 'none', reason: null }, network: { health: 'unknown', reason: null }, accelerator: null, mac: '52:54:00:00:00:01',
  createdAt: '2026-09-01T10:00:00.000Z', startedAt: null,
};

export const apollo = base;

export const primary: WireInstance = {
  ...base, id: '0a1b2c3e', name: 'primary', state: 'Running', cpus: 2,
  image: { name: 'debian', os: 'Debian', release: '13 (trixie)', digest: '1797c5c82016c1e65f4008fcf89deae3a044ef76087a9ec5b907c6d64a3609ac' },
  ipv4: ['10.96.1.15', '192.168.7.2'],
  mounts: [
    { target: '/home/ubuntu/src', source: '/home/me/src', uidMap: ['1000:default'], gidMap: ['1000:default'] },
    { target: '/data', source: '/srv/data', uidMap: ['1000:33', '0:0'], gidMap: ['1000:33'] },
  ],
  guest: {
    release: 'Debian GNU/Linux 13 (trixie)', kernel: '6.12.0', hostname: 'primary', load: [0.45, 0.51, 0.1],
    memory: { usedBytes: 60817408, totalBytes: 1503238554 }, disks: [{ name: 'vda1', usedBytes: 1932735284, totalBytes: 6764573492 }], cloudInit: 'done',
  },
  hold: { level: 'held', reason: null }, network: { health: 'ok', reason: null }, accelerator: 'kvm', startedAt: '2026-09-01T10:00:05.000Z',
};

export const hermes: WireInstance = {
  ...base, id: '0a1b2c3f', name: 'hermes', state: 'Crashed', reason: 'kernel panic: not syncing, "Fatal exception"', zone: { name: 'zone2', available: false },
};

export const zeus: WireInstance = {
  ...base, id: '0a1b2c40', name: 'zeus', state: 'Running', ipv4: ['10.0.0.9'],
  hold: { level: 'held', reason: null }, network: { health: 'changed', reason: 'enp1s0 has 10.0.0.9; it was given 10.96.2.15' }, accelerator: 'tcg',
};

export const gone: WireInstance = { ...base, id: '0a1b2c41', name: 'gone', state: 'Deleted', image: { name: '', os: '', release: '', digest: '' } };

/** Not in the order in which people are shown them. */
export const all = [zeus, apollo, primary, hermes, gone];
