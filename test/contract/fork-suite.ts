/** What every driver that can fork must do with a template, run on each of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Driver, MachineSpec, RunningMachine, TemplateWish } from '../../src/drivers/driver.ts';
import { saw, work } from './under-test.ts';

export interface ForkingUnderTest {
  /** Another daemon over the same home. */
  daemon(): Driver;
  /** A machine that the template there is serves. */
  machine(id: string, name: string): MachineSpec;
  /** Gives key and wish of a template; making a real one takes a boot, so one may be there already. */
  template(driver: Driver): Promise<{ readonly key: string; readonly wish: TemplateWish }>;
  /** Files and directories that belong to the machine. */
  remains(id: string): Promise<readonly string[]>;
  dispose(): Promise<void>;
}

const ANSWER_MS = 60_000;

export function describeForking(name: string, make: () => Promise<ForkingUnderTest>): void {
  describe(`forking by driver ${name}`, { timeout: 300_000 }, () => {
    let under: ForkingUnderTest;
    let driver: Driver;
    let key: string;
    let wish: TemplateWish;
    let first: RunningMachine;
    const templates = () => {
      if (driver.templates === undefined) throw new Error('this driver has no templates');
      return driver.templates;
    };
    const fork = async (machine: MachineSpec): Promise<RunningMachine> => {
      await driver.create(machine, work(), { template: key });
      return await driver.start(machine, work());
    };

    beforeAll(async () => {
      under = await make();
      driver = under.daemon();
      ({ key, wish } = await under.template(driver));
    });
    afterAll(async () => {
      for (const id of await driver.traces()) await driver.remove(id);
      await driver[Symbol.asyncDispose]?.();
      await under.dispose();
    });

    test('one that is there is found and shown', async () => {
      expect(await templates().find(wish)).toBe(key);
      const { imageDigest, cpus, memoryBytes } = wish;
      expect(await templates().all()).toMatchObject([{ key, imageDigest, cpus, memoryBytes }]);
    });

    test.each([
      ['image', { imageDigest: 'f'.repeat(64) }],
      ['number of processors', { cpus: 3 }],
      ['memory', { memoryBytes: 3 * 1024 ** 3 }],
    ] as const)('it does not serve another %s', async (_what, other) => {
      expect(await templates().find({ ...wish, ...other })).toBeUndefined();
    });

    test('a machine of a template that is not there is refused, and nothing is laid down', async () => {
      const machine = under.machine('0badcafe', 'nobody');
      await expect(driver.create(machine, work(), { template: 'no-such-key' })).rejects.toMatchObject({ code: 'machine-failed' });
      expect(await under.remains(machine.id)).toEqual([]);
    });

    test('a cancelled fork leaves nothing running', async () => {
      const machine = under.machine('0badcafe', 'nobody');
      await driver.create(machine, work(), { template: key });
      await expect(driver.start(machine, work(AbortSignal.abort()))).rejects.toMatchObject({ code: 'cancelled' });
      const found = await under.daemon().adopt(machine);
      expect(found === undefined || 'end' in found).toBe(true);
      await driver.remove(machine.id);
      expect(await under.remains(machine.id)).toEqual([]);
    });

    test('a fork answers under its own name as soon as it has started', async () => {
      first = await fork(under.machine('00c0ffee', 'first'));
      expect(await hostname(first)).toBe('first');
    });

    test('an ssh client is met by an sshd of its own, under the fork\'s own key', async () => {
      const { stream } = await first.guest.openSsh({ deadlineMs: 2 * ANSWER_MS, signal: AbortSignal.timeout(3 * ANSWER_MS) });
      await saw(stream, 'SSH-2.0-');
      stream.destroy();
      expect(first.guest.user).toBe('ubuntu');
    });

    test('two at one console see the same, and a name that is typed is answered', async () => {
      if (!first.attachConsole) throw new Error('a driver with the ability has the method');
      const [one, other] = [await first.attachConsole(1000), await first.attachConsole(1000)];
      const seen = [one, other].map(({ stream }) => saw(stream, 'login: ', 2 * ANSWER_MS));
      // A fork's console begins empty: its login program has asked already, in the template.
      one.stream.write('\r');
      await Promise.all(seen);
      for (const { stream } of [one, other]) stream.destroy();
    });

    test('another one is another, beside it', async () => {
      const second = await fork(under.machine('0badcafe', 'second'));
      expect(await hostname(second)).toBe('second');
      expect(await hostname(first)).toBe('first');
      await driver.remove('0badcafe');
      expect(first.end).toBeUndefined();
    });

    test('a daemon that comes later takes it over', async () => {
      await first[Symbol.asyncDispose]();
      await driver[Symbol.asyncDispose]?.();
      driver = under.daemon();
      const found = await driver.adopt(under.machine('00c0ffee', 'first'));
      if (found === undefined || !('id' in found)) throw new Error(`not adopted: ${JSON.stringify(found)}`);
      first = found;
      expect(await hostname(first)).toBe('first');
    });

    test('a template that is removed is gone, and who was forked of it goes on', async () => {
      await templates().remove(key);
      await templates().remove(key);
      expect(await templates().find(wish)).toBeUndefined();
      expect(await templates().all()).toEqual([]);
      expect(first.end).toBeUndefined();
      expect(await hostname(first)).toBe('first');
      await expect(driver.create(under.machine('0badcafe', 'late'), work(), { template: key })).rejects.toMatchObject({ code: 'machine-failed' });
    });

    test('tidying up concerns no machine', async () => {
      await templates().tidy();
      expect(await hostname(first)).toBe('first');
      await first.kill();
      expect(first.end).toEqual({ kind: 'powered-off' });
    });
  });
}

async function hostname(machine: RunningMachine): Promise<string> {
  const signal = AbortSignal.timeout(2 * ANSWER_MS);
  const { shell } = await machine.guest.reach('session', { deadlineMs: ANSWER_MS, signal });
  await using session = await shell.exec({ command: ['hostname'] }, signal);
  session.stdin.end();
  let said = '';
  for await (const chunk of session.stdout) said += String(chunk);
  expect(await session.exit).toEqual({ code: 0 });
  return said.trim();
}
