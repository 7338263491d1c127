import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { netguard } from './netguard.ts';
import { parseLook } from './netguard-look.ts';
import { parseAnswer, parseApplied, parseOutcome, parseStatus } from './netguard-status.ts';
import { Refused } from './bounded-json.ts';
import type { GuestShell } from './shell.ts';

const never = new AbortController().signal;
const LOOK = {
  v: 1, digest: 'a'.repeat(64), nameServers: ['10.96.0.3'], networkdFiles: ['/run/systemd/network/10-netplan-default.network'],
  files: [{ path: '/etc/netplan/50-cloud-init.yaml', mode: 0o600, uid: 0, gid: 0, mtimeNs: '1764039000123456789', content: 'bmV0d29yazoge30K' }],
  links: [{
    index: 2, name: 'enp1s0', kind: 'ethernet', mac: '52:54:00:00:00:01', permanentMac: '52:54:00:00:00:01', driver: 'virtio_net', up: true, carrier: true,
    mtu: 1500, master: null, managed: true, configuredBy: null, dns: ['10.96.0.3'], domains: [],
    lease: { address: '10.96.0.15', server: '10.96.0.2', lifetimeS: 86_400, routers: ['10.96.0.2'], dns: [] },
    addresses: [{ address: '10.96.0.15', prefix: 24, family: 4, scope: 'global', how: 'dhcp', validForS: 86_000 }],
  }],
  routes: [{ family: 4, to: 'default', via: '10.96.0.2', link: 'enp1s0', metric: 100, how: 'dhcp' }],
  versions: { netplan: '0.106-2+deb12u1', systemd: '252.39-1~deb12u1' }, renderers: { networkd: true, networkManager: false },
  transaction: { phase: 'none' },
};

/** Answers every command with the same words. */
function shellThatSays(stdout: string, stderr = '', asked: { command?: readonly string[]; stdin?: string } = {}): GuestShell {
  return {
    user: 'root', alive: true, closed: new Promise(() => {}),
    async exec({ command }) {
      const stdin = new PassThrough();
      asked.command = command;
      stdin.on('data', (piece: Buffer) => { asked.stdin = (asked.stdin ?? '') + piece.toString(); });
      return { stdin, stdout: Readable.from([Buffer.from(stdout)]), stderr: Readable.from([Buffer.from(stderr)]), exit: Promise.resolve({ code: 0 }), resize() {}, signal() {}, async [Symbol.asyncDispose]() {} };
    },
    async [Symbol.asyncDispose]() {},
  };
}

test('a look is read: texts as text, versions as their makers count them', async () => {
  const look = await netguard(shellThatSays(JSON.stringify(LOOK))).look(never);
  expect(look).toMatchObject({ files: [{ text: 'network: {}\n', mtimeNs: '1764039000123456789' }], versions: { netplan: '0.106', systemd: '252.39' }, links: [{ lease: { server: '10.96.0.2' } }] });
});

test('a file goes over as it is', async () => {
  const asked: { command?: readonly string[]; stdin?: string } = {};
  const shell = shellThatSays(JSON.stringify({ v: 1, id: 'x', how: 'reload', changed: [], said: '', steps: ['arm'] }), '', asked);
  await netguard(shell).begin({ id: 'x', confirmWithinMs: 1, how: 'reload', setAside: [], write: [{ path: '/etc/netplan/a.yaml', text: 'n: é\n', mode: 0o600 }] }, never);
  expect(asked.command?.slice(-2)).toEqual(['/usr/lib/holdfast/netguard.py', 'begin']);
  expect(JSON.parse(asked.stdin ?? '')).toEqual({ id: 'x', confirmWithinMs: 1, how: 'reload', setAside: [], write: [{ path: '/etc/netplan/a.yaml', mode: 0o600, content: Buffer.from('n: é\n').toString('base64') }] });
});

test.each([
  ['{"v":1,"refused":"the network change a is under way (armed)"}', 'net-refused', 'the network change a is under way (armed)'],
  ['{"v":1,"error":"disk on fire\\u001b[2J"}', 'exec-failed', 'its netguard could not do status: disk on fire [2J'],
  ['{"v":2}', 'exec-failed', 'its netguard could not do status: it is of another version (2)'],
  ['{"v":1,"phase":"floating"}', 'exec-failed', 'its netguard\'s answer to status cannot be read: phase is unknown'],
  ['', 'exec-failed', 'its netguard could not do status: it gave no answer that can be read: no such file'],
])('%s is an error', async (said, code, message) => {
  await expect(netguard(shellThatSays(said, 'python3: no such file\nno such file\n')).status(never)).rejects.toMatchObject({ code, message });
});

test('whatever a guest answers is read, or refused in a few words', () => {
  const damaged = fc.tuple(fc.constantFrom(...Object.keys(LOOK)), fc.jsonValue()).map(([key, value]) => ({ ...LOOK, [key]: value }));
  const deeper = fc.tuple(fc.constantFrom(...Object.keys(LOOK.links[0] ?? {})), fc.jsonValue()).map(([key, value]) => ({ ...LOOK, links: [{ ...LOOK.links[0], [key]: value }] }));
  fc.assert(fc.property(fc.oneof(damaged, deeper, fc.jsonValue()), (value) => {
    const parsed = parseAnswer(JSON.stringify(value));
    if (!('answer' in parsed)) return;
    for (const read of [parseLook, parseApplied, parseOutcome, parseStatus]) {
      try {
        read(parsed.answer);
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
        expect((error as Error).message.length).toBeLessThan(100);
      }
    }
  }), { numRuns: 2000 });
});
