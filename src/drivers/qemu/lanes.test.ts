import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machineFiles } from './layout.ts';
import { connectSocket, QemuLanes } from './lanes.ts';

test('what the monitor says of a lane is told once per change, and other devices are none', () => {
  const lanes = new QemuLanes(machineFiles({ instancesDir: '/i', runDir: '/r', acceleratorFile: '/a', templatesDir: '/h/templates', layersDir: '/h/layers' }, '00c0ffee').run.lanes);
  const told: string[] = [];
  lanes.onGuestOpen((lane, open) => told.push(`${lane} ${open}`));
  for (const [id, open] of [['lane-control', true], ['lane-control', true], ['console', true], [7, true], ['lane-nothing', true]] as const) lanes.update(id, open);
  expect(lanes.isGuestOpen('control')).toBe(true);
  lanes.closeAll();
  expect(told).toEqual(['control true', 'control false']);
});

test('no socket is unreachable, a cancelled attempt is cancelled', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-lane-'));
  const path = join(directory, 's');
  await expect(connectSocket(path, 'the control lane', AbortSignal.timeout(1_000))).rejects.toMatchObject({ code: 'guest-unreachable' });
  await expect(connectSocket(path, 'the control lane', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  const server = createServer((socket) => void socket.on('error', () => undefined).end('x'));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  (await connectSocket(path, 'the control lane', AbortSignal.timeout(1_000))).destroy();
  server.close();
  await rm(directory, { recursive: true });
});
