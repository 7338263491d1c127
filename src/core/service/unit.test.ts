import { expect, test } from 'vitest';
import { unitHome, unitText } from './unit.ts';

const PARTS = { scope: 'system', node: '/opt/n o/node', daemon: '/opt/50%/$x/holdfastd.cjs', home: '/var/lib/hold 50%', env: { HOLDFAST_HOME: '/var/lib/hold 50%' } } as const;

test('a stop ends the daemon only, and a machine that the host kills for memory does not take the daemon along', () => {
  const text = unitText(PARTS);
  expect(text).toMatch(/^KillMode=process$/m);
  expect(text).toMatch(/^OOMPolicy=continue$/m);
});

test('the host\'s waits for its network, whose bridges cards are on; a person\'s manager has no such target', () => {
  expect(unitText(PARTS)).toMatch(/\[Unit\]\n(?:.+\n)*Wants=network-online.target\nAfter=network-online.target\n/);
  expect(unitText({ ...PARTS, scope: 'user' })).not.toContain('network-online');
});

test('paths are written so that systemd reads them as they are', () => {
  const text = unitText(PARTS);
  expect(text).toContain('ExecStart="/opt/n o/node" "--no-maglev" "--max-semi-space-size=2" "/opt/50%%/$$x/holdfastd.cjs"\n');
  expect(text).toContain('Environment="HOLDFAST_HOME=/var/lib/hold 50%%"\n');
});

test('in the environment a dollar sign is one', () => {
  expect(unitText({ ...PARTS, env: { HOLDFAST_HOME: '/srv/$x' } })).toContain('Environment="HOLDFAST_HOME=/srv/$x"\n');
});

test('the host\'s waits for the file system that its home is on', () => {
  expect(unitText(PARTS)).toMatch(/\[Unit\]\n(?:.+\n)*RequiresMountsFor="\/var\/lib\/hold 50%%"\n(?:.+\n)*\n\[Service\]/);
  expect(unitText({ ...PARTS, scope: 'user' })).not.toContain('RequiresMountsFor');
});

test('the home is read back from the unit, and from no other text', () => {
  expect(unitHome(unitText(PARTS))).toBe('/var/lib/hold 50%');
  expect(unitHome('[Service]\nExecStart=/usr/bin/holdfastd\n')).toBeUndefined();
});

test('a person\'s unit starts with his own manager, and may build images in a user namespace', () => {
  const text = unitText({ ...PARTS, scope: 'user', env: {} });
  expect(text).toContain('WantedBy=default.target\n');
  expect(text).not.toContain('NoNewPrivileges');
  expect(text).toContain('$MAINPID\nRestart=');
});
