import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runChecks } from '../../../daemon/doctor/run-checks.ts';
import type { MachineSpec } from '../../driver.ts';
import type { MachineFiles } from '../layout.ts';
import type { QemuMachine } from '../machine.ts';
import { QmpClient } from '../qmp/client.ts';
import { machineChecks } from './machine.ts';

let stack: AsyncDisposableStack;
let monitor: QmpClient;
/** What it says of the machine; undefined: nothing, it hangs. */
let status: string | undefined;
let commands: string[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  commands = [];
  const directory = await mkdtemp(join(tmpdir(), 'hf-examine-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {}).write('{"QMP":{}}\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        const { execute, id } = JSON.parse(line) as { execute: string; id: string };
        commands.push(execute);
        if (execute === 'cont') status = 'running';
        if (execute === 'qmp_capabilities' || status !== undefined) socket.write(`${JSON.stringify({ return: execute === 'query-status' ? { status, running: status === 'running' } : {}, id })}\n`);
      }
    });
  }).listen(join(directory, 'm'));
  await once(server, 'listening');
  stack.defer(() => void server.close());
  monitor = stack.use(await QmpClient.connect(join(directory, 'm'), 5_000));
});
afterEach(async () => { await stack.disposeAsync(); });

async function examined(held: boolean) {
  const machine = { accelerator: 'kvm', monitor } as unknown as QemuMachine;
  const checks = machineChecks({ machine: { name: 'apollo', spec: {} } as MachineSpec, files: {} as MachineFiles, held: () => (held ? machine : undefined), bridgeAt: () => Promise.resolve(undefined) });
  const [found] = await runChecks(checks.filter(({ id }) => id === 'monitor'), new AbortController().signal);
  if (found === undefined) throw new Error('its monitor is not looked at');
  return found;
}

test('a monitor that does not answer is broken, within seconds, and there is no fix for it', async () => {
  status = undefined;
  const from = performance.now();
  const { result, fix } = await examined(true);
  expect([result, fix]).toEqual([expect.objectContaining({ status: 'broken', seen: expect.stringMatching(/answer/) }), undefined]);
  expect(performance.now() - from).toBeLessThan(8_000);
});

test('so is a machine that this daemon does not hold', async () => {
  expect((await examined(false)).result).toMatchObject({ status: 'broken', seen: expect.stringContaining('does not hold it'), remedy: expect.stringContaining('holdfast stop --force apollo') });
});

test.each(['paused', 'io-error', 'prelaunch'])('one that is %s is let go on', async (state) => {
  status = state;
  const { result, fix } = await examined(true);
  expect(result).toMatchObject({ status: 'broken', seen: `the machine is paused (${state})` });
  expect(await fix?.run(new AbortController().signal)).toBe('let the machine go on');
  expect([commands.at(-1), (await examined(true)).result.status]).toEqual(['cont', 'ok']);
});

test('one that panicked is not', async () => {
  status = 'guest-panicked';
  const { result, fix } = await examined(true);
  expect([result.status, result.seen, fix]).toEqual(['broken', 'the machine is guest-panicked', undefined]);
});
