/**
 * What every driver must do, run on each of them. A driver is made anew for each "daemon": what a second one finds is
 * what an earlier one left, as after kill -9.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runChecks } from '../../src/daemon/doctor/run-checks.ts';
import type { Driver, MachineEnd, MachineSpec, RunningMachine } from '../../src/drivers/driver.ts';
import { ended, gone, saw, withCards, within, work, type DriverUnderTest } from './under-test.ts';

export function describeDriver(name: string, make: () => Promise<DriverUnderTest>): void {
  describe(`driver ${name}`, { timeout: 60_000 }, () => {
    let under: DriverUnderTest;
    let driver: Driver;
    let machine: MachineSpec;
    const held: RunningMachine[] = [];
    const keep = <T extends RunningMachine>(running: T): T => {
      held.push(running);
      return running;
    };
    const adopted = async (by: Driver, spec = machine): Promise<RunningMachine> => {
      const found = await by.adopt(spec);
      if (found === undefined || !('id' in found)) throw new Error(`not adopted: ${JSON.stringify(found)}`);
      return keep(found);
    };
    const started = async (spec = machine): Promise<RunningMachine> => {
      await driver.create(spec, work());
      return keep(await driver.start(spec, work()));
    };

    beforeEach(async () => {
      under = await make();
      driver = under.daemon();
      machine = under.machine('00c0ffee');
    });
    afterEach(async () => {
      for (const running of held.splice(0)) await running[Symbol.asyncDispose]();
      for (const id of await driver.traces()) await driver.remove(id);
      await under.dispose();
    });

    test('tells its version', async () => {
      expect(await driver.version()).not.toBe('');
    });

    test('what was created leaves a trace, and nothing runs yet', async () => {
      expect(await driver.traces()).toEqual([]);
      await driver.create(machine, work());
      expect(await driver.traces()).toEqual([machine.id]);
      expect(await driver.adopt(machine)).toBeUndefined();
    });

    test('creating again changes nothing', async () => {
      await driver.create(machine, work());
      const before = await under.remains(machine.id);
      await under.daemon().create(machine, work());
      expect(await under.remains(machine.id)).toEqual(before);
    });

    test('a cancelled creation leaves nothing and can be repeated', async () => {
      await expect(driver.create(machine, work(AbortSignal.abort()))).rejects.toMatchObject({ code: 'cancelled' });
      expect(await driver.traces()).toEqual([]);
      await driver.create(machine, work());
      expect(await driver.traces()).toEqual([machine.id]);
    });

    test('starting what was never created is refused', async () => {
      await expect(driver.start(machine, work())).rejects.toMatchObject({ code: 'machine-failed' });
    });

    test('starting what runs gives the same machine', async () => {
      const first = await started();
      const pid = await under.pidOf(machine.id);
      await first[Symbol.asyncDispose]();
      const again = keep(await under.daemon().start(machine, work()));
      expect(await under.pidOf(machine.id)).toBe(pid);
      expect(again.startedAt).toBe(first.startedAt);
    });

    test('starting what this daemon holds gives that machine', async () => {
      const first = await started();
      expect(keep(await driver.start(machine, work())).startedAt).toBe(first.startedAt);
      const end = ended(first);
      await driver.remove(machine.id);
      await end;
    });

    test('letting go is not ending: another daemon takes it over', async () => {
      const first = await started();
      const ends: MachineEnd[] = [];
      first.on({ ended: (end) => ends.push(end) });
      await first[Symbol.asyncDispose]();
      const second = await adopted(under.daemon());
      expect(second).toMatchObject({ id: machine.id, accelerator: first.accelerator, startedAt: first.startedAt, isPaused: false, end: undefined, notice: null });
      expect(ends).toEqual([]);
    });

    test('ended on request: powered off, told once, and late listeners hear it at once', async () => {
      const running = await started();
      const ends: MachineEnd[] = [];
      running.on({ ended: (end) => ends.push(end) });
      await running.kill();
      expect(ends).toEqual([{ kind: 'powered-off' }]);
      expect(running.end).toEqual({ kind: 'powered-off' });
      let late: MachineEnd | undefined;
      running.on({ ended: (end) => { late = end; } });
      expect(late).toEqual({ kind: 'powered-off' });
      expect(await under.daemon().adopt(machine)).toEqual({ end: { kind: 'powered-off' } });
    });

    test('killed under the daemon that started it: died, within a second', async () => {
      const running = await started();
      const end = ended(running, 1_000);
      process.kill(await under.pidOf(machine.id), 'SIGKILL');
      expect(await end).toEqual({ kind: 'died', reason: expect.stringMatching(/killed/) as string });
    });

    test('killed under the daemon that adopted it: died, within a second', async () => {
      await (await started())[Symbol.asyncDispose]();
      const running = await adopted(under.daemon());
      const end = ended(running, 1_000);
      process.kill(await under.pidOf(machine.id), 'SIGKILL');
      expect(await end).toEqual({ kind: 'died', reason: expect.stringMatching(/killed/) as string });
      expect(await under.daemon().adopt(machine)).toEqual({ end: running.end });
    });

    test('killed while no daemon watched: the next one is told, every time', async () => {
      const running = await started();
      const pid = await under.pidOf(machine.id);
      await running[Symbol.asyncDispose]();
      process.kill(pid, 'SIGKILL');
      await gone(pid);
      const expected = { end: { kind: 'died', reason: expect.stringMatching(/no daemon was watching/) as string } };
      expect(await under.daemon().adopt(machine)).toEqual(expected);
      expect(await under.daemon().adopt(machine)).toEqual(expected);
      keep(await under.daemon().start(machine, work()));
    });

    test('a reset is told, and is no end', async () => {
      const running = await started();
      const reset = within<void>(5_000, 'the reset', (resolve) => void running.on({ reset: resolve }));
      await running.reset();
      await reset;
      expect(running.end).toBeUndefined();
    });

    test('a pause is told, and found by the next daemon', async () => {
      if (under.pause === undefined) return;
      const running = await started();
      const paused = within<boolean>(5_000, 'the pause', (resolve) => void running.on({ paused: resolve }));
      await under.pause(running);
      expect(await paused).toBe(true);
      expect(running.isPaused).toBe(true);
      await running[Symbol.asyncDispose]();
      expect((await adopted(under.daemon())).isPaused).toBe(true);
    });

    test('cards are plugged into a machine that runs, and plugging one again changes nothing', async () => {
      if (under.cards === undefined) return;
      const running = await started();
      const wider = withCards(machine, [2, 5]);
      await driver.plug?.(withCards(machine, [2]), 2);
      await driver.plug?.(wider, 5);
      await driver.plug?.(wider, 5);
      expect(await under.cards(running)).toEqual([2, 5]);
      await expect(driver.plug?.(wider, 3)).rejects.toMatchObject({ code: 'machine-failed' });
    });

    test('what was specified is there from the start, and found by the next daemon', async () => {
      if (under.cards === undefined) return;
      const wider = withCards(machine, [1, 7]);
      await (await started(wider))[Symbol.asyncDispose]();
      const again = await adopted(under.daemon(), wider);
      expect(await under.cards(again)).toEqual([1, 7]);
    });

    test('a card is taken out with the guest\'s consent, and without it stays', { timeout: 150_000 }, async () => {
      if (under.cards === undefined) return;
      const wider = withCards(machine, [1, 7]);
      const running = await started(wider);
      if (under.guests) await driver.unplug?.(wider, 1);
      else await expect(driver.unplug?.(wider, 1)).rejects.toMatchObject({ code: 'machine-failed', message: expect.stringContaining('did not let go') as string });
      expect(await under.cards(running)).toEqual(under.guests ? [7] : [1, 7]);
      expect(running.end).toBeUndefined();
    });

    test('a card is neither plugged into nor taken out of what does not run', async () => {
      await driver.create(machine, work());
      await expect(driver.plug?.(withCards(machine, [1]), 1) ?? Promise.resolve()).rejects.toMatchObject({ code: 'machine-failed' });
      await expect(driver.unplug?.(withCards(machine, [1]), 1) ?? Promise.resolve()).rejects.toMatchObject({ code: 'machine-failed' });
    });

    test('the power button can be pressed', async () => {
      const running = await started();
      await running.powerDown();
      if (under.guests) expect(await ended(running)).toEqual({ kind: 'powered-off' });
    });

    test('removing what runs ends it and leaves nothing; removing again is no error', async () => {
      const running = await started();
      const pid = await under.pidOf(machine.id);
      await running[Symbol.asyncDispose]();
      await under.daemon().remove(machine.id);
      await gone(pid);
      expect(await under.remains(machine.id)).toEqual([]);
      expect(await driver.traces()).toEqual([]);
      expect(await driver.adopt(machine)).toBeUndefined();
      await driver.remove(machine.id);
    });

    test('a cancelled start leaves nothing running', async () => {
      await driver.create(machine, work());
      await expect(driver.start(machine, work(AbortSignal.abort()))).rejects.toMatchObject({ code: 'cancelled' });
      const found = await under.daemon().adopt(machine);
      expect(found === undefined || 'end' in found).toBe(true);
    });

    test('a disk grows, and is never made smaller', async () => {
      await driver.create(machine, work());
      const grown = { ...machine, spec: { ...machine.spec, diskBytes: machine.spec.diskBytes * 2 } };
      await driver.modify(grown, work());
      await driver.modify(machine, work());
      keep(await driver.start(grown, work()));
    });

    test('suspended, it has ended so, for another daemon too; its next start takes it up, and then it is so no more', async () => {
      const running = await started();
      const end = ended(running);
      await driver.suspend?.(machine, work());
      expect(await end).toEqual({ kind: 'suspended' });
      expect(await under.daemon().adopt(machine)).toEqual({ end: { kind: 'suspended' } });
      const again = keep(await driver.start(machine, work()));
      expect(again.end).toBeUndefined();
      await again.kill();
      expect(await under.daemon().adopt(machine)).not.toEqual({ end: { kind: 'suspended' } });
    });

    test('what it was suspended to can be given up: its next start is a boot', async () => {
      await started();
      await driver.suspend?.(machine, work());
      await driver.discard?.(machine.id);
      expect(await under.daemon().adopt(machine)).not.toEqual({ end: { kind: 'suspended' } });
      expect(keep(await driver.start(machine, work())).end).toBeUndefined();
    });

    test('what does not run cannot be suspended, and is as it was', async () => {
      await driver.create(machine, work());
      const before = await under.remains(machine.id);
      await expect(driver.suspend?.(machine, work()) ?? Promise.resolve()).rejects.toMatchObject({ code: 'machine-failed' });
      expect(await under.remains(machine.id)).toEqual(before);
    });

    test('a doctor sees the host without a machine', async () => {
      const checks = driver.examine?.host([machine.architecture]) ?? [];
      expect(checks.length).toBeGreaterThan(0);
      for (const { result } of await runChecks(checks, AbortSignal.timeout(55_000))) expect([result.id, result.status]).not.toEqual([result.id, 'broken']);
    });

    test('a doctor sees a machine that runs as sound, and names its process when that is gone', async () => {
      const ofMachine = async () => (await runChecks((driver.examine?.machine(machine) ?? []).filter(({ layer }) => layer === 'machine'), AbortSignal.timeout(20_000))).map(({ result }) => result);
      const running = await started();
      expect((await ofMachine()).map(({ status }) => status)).not.toContain('broken');
      await running.kill();
      expect((await ofMachine()).find(({ status }) => status === 'broken')).toMatchObject({ id: 'process', remedy: expect.stringContaining('holdfast start') as string });
    });

    test('a machine whose process was stopped by a signal is found so, and let go on by the fix', async () => {
      if (process.platform !== 'linux') return;
      await started();
      const pid = await under.pidOf(machine.id);
      const ofProcess = async () => (await runChecks((driver.examine?.machine(machine) ?? []).filter(({ id }) => id === 'process'), AbortSignal.timeout(20_000)))[0];
      process.kill(pid, 'SIGSTOP');
      await expect.poll(async () => (await ofProcess())?.result.status, { timeout: 5_000 }).toBe('broken');
      await (await ofProcess())?.fix?.run(AbortSignal.timeout(5_000));
      await expect.poll(async () => (await ofProcess())?.result.status, { timeout: 5_000 }).toBe('ok');
    });

    test('the console of what never ran is empty', async () => {
      expect(await driver.consoleTail(machine.id, 1000)).toBe('');
    });

    test('a console is shared: who attaches sees what was said before, and from then on as the others; it ends with the machine', async () => {
      const running = await started();
      if (!running.attachConsole) throw new Error('a driver with the ability has the method');
      const [first, second] = [await running.attachConsole(1000), await running.attachConsole(1000)];
      if (under.guests) {
        expect(first.before).toContain('login: ');
        const seen = [first, second].map(({ stream }) => saw(stream, 'typed by the first'));
        first.stream.write('typed by the first\n');
        await Promise.all(seen);
        const again = saw(first.stream, 'typed by the second');
        second.stream.write('typed by the second\n');
        await again;
        expect((await running.attachConsole(1000)).before).toContain('typed by the second');
      }
      second.stream.destroy();
      const over = within<void>(10_000, 'the end of the console', (resolve) => { first.stream.resume().once('end', resolve); });
      await running.kill();
      await over;
    });

    test('a console is what the next daemon finds, with its log', async () => {
      const running = await started();
      const before = await running.attachConsole?.(1000);
      const over = within<void>(5_000, 'the end of the console', (resolve) => { before?.stream.resume().once('end', resolve); });
      await running[Symbol.asyncDispose]();
      await over;
      const found = await (await adopted(under.daemon())).attachConsole?.(1000);
      if (under.guests) expect(found?.before).toContain('login: ');
      found?.stream.destroy();
    });

    test('keys for users\' own ssh are the same for every daemon, running or not, and others for another machine', async () => {
      await driver.create(machine, work());
      const keys = await driver.sshKeys?.(machine.id);
      expect(keys).toMatchObject({ user: 'ubuntu', privateKey: expect.stringContaining('OPENSSH PRIVATE KEY') as string, hostPublic: expect.stringMatching(/^ssh-ed25519 /) as string });
      const other = under.machine('0badcafe');
      await driver.create(other, work());
      expect((await driver.sshKeys?.(other.id))?.privateKey).not.toBe(keys?.privateKey);
      expect(await under.daemon().sshKeys?.(machine.id)).toEqual(keys);
    });

    test('eight ssh clients at once are each met by an sshd of their own, by a daemon that only adopted it', async () => {
      if (!under.guests) return;
      await (await started())[Symbol.asyncDispose]();
      const running = await adopted(under.daemon());
      const streams = await Promise.all(Array.from({ length: 8 }, () => running.guest.openSsh({ deadlineMs: 5_000, signal: AbortSignal.timeout(10_000) })));
      await Promise.all(streams.map(({ stream }) => saw(stream, 'SSH-2.0-')));
      for (const { stream } of streams) stream.destroy();
    });

    test('two machines do not touch each other', async () => {
      if (!under.cheap) return;
      const other = under.machine('0badcafe');
      const [first, second] = [await started(), await started(other)];
      await first.kill();
      expect(second.end).toBeUndefined();
      expect(await driver.traces()).toEqual(['00c0ffee', '0badcafe']);
    });

    test('a command runs in the guest, by a daemon that only adopted it', async () => {
      if (!under.guests) return;
      await (await started())[Symbol.asyncDispose]();
      const running = await adopted(under.daemon());
      const { shell } = await running.guest.reach('session', { deadlineMs: 5_000, signal: AbortSignal.timeout(10_000) });
      await using session = await shell.exec({ command: ['cat'] }, AbortSignal.timeout(5_000));
      session.stdin.end('over the lane\n');
      let said = '';
      for await (const chunk of session.stdout) said += String(chunk);
      expect(await session.exit).toEqual({ code: 0 });
      expect(said).toBe('over the lane\n');
      await using failing = await shell.exec({ command: ['sh', '-c', 'exit 7'] }, AbortSignal.timeout(5_000));
      failing.stdin.end();
      expect(await failing.exit).toEqual({ code: 7 });
    });
  });
}
