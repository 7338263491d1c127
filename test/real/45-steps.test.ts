/** The daemon is killed at a step of an operation on a real VM; the command goes on with the next daemon, and nothing is lost or left. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DELETE_STEPS } from '../../src/daemon/instances/delete.ts';
import { LAUNCH_STEPS } from '../../src/daemon/instances/launch.ts';
import { RESTART_STEPS } from '../../src/daemon/instances/restart.ts';
import { START_STEPS } from '../../src/daemon/instances/start.ts';
import { STOP_STEPS } from '../../src/daemon/instances/stop.ts';
import { SUSPEND_STEPS } from '../../src/daemon/instances/suspend.ts';
import { ALL, pick } from '../rotation.ts';
import { type Outcome, waitFor } from './home.ts';
import { openHomeUnderTest } from './provided.ts';

const home = openHomeUnderTest();
const LONG = { timeout: 900_000 };
/** Its machine does not run yet: such a launch is undone. */
const UNDONE: readonly string[] = ['record', 'template', 'create', 'start'];

type Kind = 'launch' | 'purge' | 'stop' | 'start' | 'restart' | 'suspend' | 'delete';
const steps = (kind: Kind, names: readonly string[]) => names.map((step) => ({ kind, step }));
const CASES = [
  ...steps('launch', LAUNCH_STEPS), ...steps('purge', DELETE_STEPS), ...steps('stop', STOP_STEPS), ...steps('start', START_STEPS),
  ...steps('restart', RESTART_STEPS), ...steps('suspend', SUSPEND_STEPS), ...steps('delete', DELETE_STEPS.slice(0, 2)),
];

const CHECKS: Readonly<Record<Kind, (step: string) => Promise<void>>> = { launch, purge, stop, start, restart, suspend, delete: deleted };

describe('the daemon is killed', () => {
  afterAll(async () => {
    await home.run(['delete', '--purge', 'ariadne']);
    await home.run(['recover', 'hermes']);
    await home.must(['start', 'hermes'], { timeoutMs: 300_000 });
  });

  test.each(ALL ? CASES : [pick(CASES)])('at $kind:$step', LONG, async ({ kind, step }) => {
    await CHECKS[kind](step);
    await works('apollo');
  });
});

async function launch(step: string): Promise<void> {
  await home.run(['delete', '--purge', 'ariadne']);
  const before = await traces();
  const outcome = await interrupted(`launch:${step}`, ['launch', '--name', 'ariadne']);
  if (UNDONE.includes(step)) {
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('the launch of ariadne was interrupted');
    expect(await state('ariadne')).toBeUndefined();
    expect(await traces()).toEqual(before);
    return;
  }
  expect(outcome.code, outcome.stderr).toBe(0);
  await works('ariadne');
  await home.must(['delete', '--purge', 'ariadne']);
  expect(await traces()).toEqual(before);
}

async function purge(step: string): Promise<void> {
  await home.run(['delete', '--purge', 'ariadne']);
  const before = await traces();
  await home.must(['launch', '--name', 'ariadne'], { timeoutMs: 600_000 });
  expect(await interrupted(`delete:${step}`, ['delete', '--purge', 'ariadne'])).toMatchObject({ code: 0 });
  expect(await state('ariadne')).toBeUndefined();
  expect(await traces()).toEqual(before);
}

async function stop(step: string): Promise<void> {
  await home.must(['start', 'hermes'], { timeoutMs: 300_000 });
  expect(await interrupted(`stop:${step}`, ['stop', 'hermes'])).toMatchObject({ code: 0 });
  expect(await state('hermes')).toBe('Stopped');
  expect(await home.qemuPid('hermes')).toBeUndefined();
}

async function start(step: string): Promise<void> {
  await home.must(['stop', '--force', 'hermes']);
  expect(await interrupted(`start:${step}`, ['start', 'hermes'])).toMatchObject({ code: 0 });
  await works('hermes');
}

async function restart(step: string): Promise<void> {
  await home.must(['start', 'hermes'], { timeoutMs: 300_000 });
  const before = await bootId('hermes');
  expect(await interrupted(`restart:${step}`, ['restart', 'hermes'])).toMatchObject({ code: 0 });
  await works('hermes');
  expect(await bootId('hermes')).not.toBe(before);
}

async function suspend(step: string): Promise<void> {
  await home.must(['start', 'hermes'], { timeoutMs: 300_000 });
  const before = await bootId('hermes');
  expect(await interrupted(`suspend:${step}`, ['suspend', 'hermes'])).toMatchObject({ code: 0 });
  expect(await state('hermes')).toBe('Suspended');
  expect(await home.qemuPid('hermes')).toBeUndefined();
  await home.must(['start', 'hermes'], { timeoutMs: 300_000 });
  await works('hermes');
  expect(await bootId('hermes')).toBe(before);
}

async function deleted(step: string): Promise<void> {
  await home.must(['start', 'hermes'], { timeoutMs: 300_000 });
  expect(await interrupted(`delete:${step}`, ['delete', 'hermes'])).toMatchObject({ code: 0 });
  expect(await state('hermes')).toBe('Deleted');
  await home.must(['recover', 'hermes']);
}

/** The command under way when its daemon dies at the step, to its end. */
async function interrupted(dieAt: string, args: readonly string[]): Promise<Outcome> {
  await home.endDaemon();
  await home.must(['list'], { env: { HOLDFAST_DIE_AT: dieAt } });
  const doomed = await home.daemonPid();
  const outcome = await home.run(args, { timeoutMs: 600_000 });
  expect(await home.daemonPid(), `the daemon lived on past ${dieAt}`).not.toBe(doomed);
  process.stdout.write(`${dieAt}: ${args[0]} ended with ${outcome.code} after ${outcome.seconds.toFixed(0)} s\n`);
  return outcome;
}

async function works(name: string): Promise<void> {
  expect((await home.must(['exec', name, '--', 'hostname'])).stdout).toBe(`${name}\n`);
  // The command came by another lane; this one may meet the end of its old session first.
  await waitFor(`${name} to be held`, async () => (await home.info(name)).hold === 'held', 60_000);
  expect(await home.info(name)).toMatchObject({ state: 'Running', hold_reason: null });
}

async function state(name: string): Promise<string | undefined> {
  const { stdout } = await home.must(['list', '--format', 'json']);
  return (JSON.parse(stdout) as { list: { name: string; state: string }[] }).list.find((each) => each.name === name)?.state;
}

async function bootId(name: string): Promise<string> {
  return (await home.must(['exec', name, '--', 'cat', '/proc/sys/kernel/random/boot_id'])).stdout;
}

async function traces(): Promise<string[]> {
  const [instances, run] = await Promise.all(['instances', 'run'].map(async (directory) => await readdir(join(home.directory, directory))));
  return [...instances ?? [], ...run ?? []].filter((name) => /^[0-9a-f]{8}$/.test(name)).toSorted();
}
