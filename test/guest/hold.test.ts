/** Holding a guest, against a stand-in for the machine and a real sshd on this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GuestAccess } from '../../src/guest/access.ts';
import { holdGuest } from '../../src/guest/hold.ts';
import type { HoldOptions } from '../../src/guest/hold-options.ts';
import type { Report } from '../../src/guest/report.ts';
import { runCommand } from '../../src/guest/run-command.ts';
import { NATIVE } from '../../src/guest/ssh/deadlines.ts';
import { addressPort, consolePort } from './stand-in/other-rungs.ts';
import { type StandIn, standIn } from './stand-in/doorman.ts';
import { type StandInSshd, standInSshd } from './stand-in/sshd.ts';

const never = new AbortController().signal;
const limits = { deadlineMs: 10_000, signal: never };
const small = { maxBytes: 10_000, deadlineMs: 10_000, signal: never };

describe('holding a guest', () => {
  let sshd: StandInSshd;
  let guest: StandIn;
  let access: GuestAccess | undefined;
  let logged: string[];

  beforeAll(() => { sshd = standInSshd(); });
  afterAll(() => { sshd[Symbol.dispose](); });
  beforeEach(async () => { guest = await standIn(sshd); logged = []; });
  afterEach(async () => {
    await access?.[Symbol.asyncDispose]();
    access = undefined;
    await guest[Symbol.asyncDispose]();
  });

  function hold(more: Partial<HoldOptions> = {}): GuestAccess {
    access = holdGuest({
      name: 'apollo', lanes: guest.port, address: undefined, console: undefined, slow: false, defaultUser: sshd.user,
      controlUser: sshd.user, agentDir: sshd.agentDir,
      keys: { controlPrivate: sshd.keys.clientPrivate, sessionPrivate: sshd.keys.clientPrivate, hostPublic: sshd.keys.hostPublic, guestHostPublic: sshd.keys.hostPublic },
      log: (cause, message) => logged.push(`${cause} ${message}`),
      deadlines: { ...NATIVE, doorman: 300, banner: 1000 },
      ...more,
    });
    return access;
  }

  test('waits for a guest that boots, and holds it as soon as it opens its end', async () => {
    guest.setOpen('control', false);
    const held = hold();
    expect(held.hold).toEqual({ level: 'none', reason: 'waiting for the guest' });
    await expect(held.reach('control', { deadlineMs: 100, signal: never })).rejects.toMatchObject({
      code: 'guest-unreachable', message: 'apollo is running, but could not be reached within 0.1 s: its control lane: nothing in the guest has it open',
    });
    expect(guest.connects.get('control')).toBeUndefined();
    guest.setOpen('control', true);
    await expect.poll(() => held.hold.level).toBe('held');
  });

  test('shares one connection among all who ask, and nobody can close it for the others', async () => {
    const held = hold();
    const all = await Promise.all(Array.from({ length: 20 }, () => held.reach('session', limits)));
    await all[0]!.shell[Symbol.asyncDispose]();
    expect(await runCommand(all[1]!.shell, ['echo', 'x'], small)).toMatchObject({ stdout: 'x\n' });
    expect(guest.connects.get('session')).toBe(1);
    expect(all[1]).toMatchObject({ rung: 'lane', passedOver: [] });
  });

  test('20 reconnects in a row all succeed, never two connections at once', async () => {
    const held = hold();
    const started = performance.now();
    for (let i = 0; i < 20; i += 1) {
      const { shell } = await held.reach('control', limits);
      expect(await runCommand(shell, ['echo', String(i)], small)).toMatchObject({ stdout: `${i}\n` });
      guest.cut('control');
      await shell.closed;
    }
    expect(guest.mostAtOnce.get('control')).toBe(1);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(held.hold.level).toBe('held');
  }, 30_000);

  test('a paused guest is unreachable within the deadline, and works soon after it goes on', async () => {
    const held = hold();
    const { shell } = await held.reach('control', limits);
    const running = await shell.exec({ command: ['cat'] }, never);
    guest.freeze(true);
    const since = performance.now();
    await expect.poll(() => performance.now() - since, { timeout: 5000 }).toBeGreaterThan(1100);
    const asked = performance.now();
    await expect(held.reach('control', { deadlineMs: 1500, signal: never })).rejects.toMatchObject({ code: 'guest-unreachable' });
    expect(performance.now() - asked).toBeLessThan(1700);
    guest.freeze(false);
    held.wake();
    const resumed = performance.now();
    const again = await held.reach('control', { deadlineMs: 5000, signal: never });
    await runCommand(again.shell, ['true'], small);
    expect(performance.now() - resumed).toBeLessThan(2000);
    // Nobody's command was lost by it.
    running.stdin.end('still here');
    expect(Buffer.concat(await running.stdout.toArray()).toString()).toBe('still here');
  }, 20_000);

  test('a pause so long that the connection was given up costs no more than seconds afterwards', async () => {
    const held = hold({ deadlines: { ...NATIVE, doorman: 100, keepalive: 50, ping: 50, silence: 200 } });
    const { shell } = await held.reach('control', limits);
    guest.freeze(true);
    expect(await shell.closed).toMatch(/has not answered for/);
    // Until the circuit breaker is open.
    await expect(held.reach('control', { deadlineMs: 8000, signal: never })).rejects.toThrow(/nothing in the guest answered/);
    guest.freeze(false);
    held.wake();
    const resumed = performance.now();
    await runCommand((await held.reach('control', { deadlineMs: 5000, signal: never })).shell, ['true'], small);
    expect(performance.now() - resumed).toBeLessThan(3000);
  }, 20_000);

  test('nothing is left that keeps a process alive after disposal', () => {
    // With an answering guest, a silent one and one that is being connected to.
    for (const mode of ['well', 'silent', 'at-once']) {
      const run = spawnSync(process.execPath, [join(import.meta.dirname, 'stand-in/hold-and-leave.ts'), mode], { timeout: 20_000, encoding: 'utf8' });
      expect({ mode, status: run.status, stdout: run.stdout, stderr: run.stderr }).toMatchObject({ mode, status: 0, stdout: 'disposed\n' });
    }
  }, 60_000);

  test('passes over a dead lane to the address, with sudo for control, and says why', async () => {
    guest.faults.answer = 'silent';
    const held = hold({ address: addressPort(sshd) });
    await expect.poll(() => guest.connects.get('control') ?? 0).toBeGreaterThan(1);
    const reached = await held.reach('session', { deadlineMs: 2000, signal: never });
    expect(reached.rung).toBe('address');
    expect(reached.passedOver).toEqual(['its session lane: nothing in the guest answered within 0.3 s']);
    expect(await runCommand(reached.shell, ['echo', 'by address'], small)).toMatchObject({ stdout: 'by address\n' });
    expect((await held.reach('control', { deadlineMs: 2000, signal: never })).shell.user).toBe('root');
  });

  test('passes over to the console when nothing else answers', async () => {
    guest.faults.answer = 'silent';
    const held = hold({ console: consolePort() });
    const { shell, rung, passedOver } = await held.reach('control', { deadlineMs: 10_000, signal: never });
    expect([rung, passedOver.length]).toEqual(['console', 1]);
    expect(await runCommand(shell, ['sh', '-c', 'echo "it\'s"; echo err >&2; exit 7'], small)).toEqual({ exit: { code: 7 }, stdout: "it's\n", stderr: 'err\n' });
    expect(await runCommand(shell, ['head', '-c', '200000', '/dev/zero'], { ...small, maxBytes: 300_000 })).toMatchObject({ exit: { code: 0 }, stdout: '\0'.repeat(200_000) });
    await expect(shell.exec({ command: [], terminal: { term: 'x', cols: 1, rows: 1 } }, never)).rejects.toMatchObject({ code: 'not-supported' });
    await expect(runCommand(shell, ['sleep', '9'], { ...small, deadlineMs: 100 })).rejects.toMatchObject({ code: 'too-slow' });
    expect(await runCommand(shell, ['echo', 'after'], small)).toMatchObject({ stdout: 'after\n' });
  }, 30_000);

  test('does not wait long for a lane whose end in the guest stays closed', async () => {
    const held = hold({ console: consolePort() });
    await held.reach('control', limits);
    for (const lane of ['control', 'session'] as const) guest.setOpen(lane, false);
    const startedAt = performance.now();
    expect((await held.reach('session', { deadlineMs: 15_000, signal: never })).rung).toBe('console');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  }, 30_000);

  test('a guest that an earlier daemon started and that says nothing is lost, not awaited', async () => {
    guest.setOpen('control', false);
    const held = hold({ startedAt: new Date(Date.now() - 3_600_000).toISOString(), graceMs: 300 });
    expect(held.hold.level).toBe('none');
    await expect.poll(() => held.hold.level, { timeout: 3000 }).toBe('lost');
  }, 10_000);

  test('a wrong host key is refused, told once per attempt, and not tried again and again', async () => {
    const held = hold({ keys: { controlPrivate: sshd.keys.clientPrivate, sessionPrivate: sshd.keys.clientPrivate, hostPublic: sshd.keys.otherPublic, guestHostPublic: sshd.keys.hostPublic } });
    await expect(held.reach('control', { deadlineMs: 3000, signal: never })).rejects.toThrow(/host key/);
    expect(logged[0]).toMatch(/host-key apollo: its control lane: something answered with a host key/);
  });

  test('losing the control lane is told once, with what to do, and so is having it again', async () => {
    const levels: string[] = [];
    const held = hold({ console: consolePort(), graceMs: 300 });
    held.onHold((now) => levels.push(now.level));
    await held.reach('control', limits);
    guest.faults.answer = 'silent';
    guest.cut('control');
    await expect.poll(() => levels, { timeout: 5000 }).toEqual(['held', 'lost']);
    expect(held.hold.reason).toMatch(/^apollo is running, but its control lane has not answered for .* s \(.*\); its console is open: holdfast logs apollo$/);
    guest.faults.answer = 'well';
    held.wake();
    await expect.poll(() => levels, { timeout: 5000 }).toEqual(['held', 'lost', 'held']);
    expect(logged.filter((line) => line.startsWith('hold:'))).toHaveLength(2);
  }, 20_000);

  test('is held by its address while only that answers', async () => {
    const levels: string[] = [];
    const held = hold({ address: addressPort(sshd), graceMs: 300 });
    held.onHold((now) => levels.push(now.level));
    await held.reach('control', limits);
    await expect.poll(() => levels).toEqual(['held']);
    guest.faults.answer = 'silent';
    guest.cut('control');
    await expect.poll(() => levels, { timeout: 8000 }).toEqual(['held', 'by-address']);
    expect(held.hold.reason).toMatch(/it is reached by its address instead$/);
  }, 20_000);

  test('an expected end is no news', async () => {
    const levels: string[] = [];
    const held = hold({ graceMs: 200 });
    held.onHold((now) => levels.push(now.level));
    await held.reach('control', limits);
    held.expectEnd();
    const before = logged.length;
    guest.faults.answer = 'silent';
    guest.cut('control');
    await expect.poll(() => levels, { timeout: 5000 }).toEqual(['held', 'none']);
    expect(logged.slice(before)).toEqual([]);
  }, 10_000);

  describe('with an agent in the guest', () => {
    afterEach(() => { for (const name of ['report.py', 'agent.py', 'renewed']) rmSync(join(sshd.agentDir, name), { force: true }); });
    function agent(report: string, program = 'import sys; sys.exit(1)'): void {
      writeFileSync(join(sshd.agentDir, 'report.py'), report);
      writeFileSync(join(sshd.agentDir, 'agent.py'), program);
    }

    test('forwards reports and starts the reporter again when it ends', async () => {
      agent(`import json; print(json.dumps(${JSON.stringify({ v: 1, type: 'network', links: [], defaultRoutes: [] })}), flush=True)`);
      const held = hold();
      const heard: Report[] = [];
      held.onReport((report) => heard.push(report));
      await expect.poll(() => heard.length, { timeout: 8000 }).toBeGreaterThan(1);
      expect(held.reports.network).toMatchObject({ type: 'network', links: [] });
    }, 10_000);

    test.each([
      ['an endless line', 'import sys\nwhile True: sys.stdout.write("x" * 65536)'],
      ['a flood of lines', 'import sys\nwhile True: sys.stdout.write("{}\\n" * 10000)'],
    ])('%s costs bounded memory and leaves the lane usable', async (_name, program) => {
      agent(program);
      const held = hold();
      const { shell } = await held.reach('control', limits);
      await runCommand(shell, ['true'], small);
      const before = process.memoryUsage.rss();
      const until = performance.now() + 2000;
      let asked = 0;
      while (performance.now() < until) { await runCommand(shell, ['true'], small); asked += 1; }
      expect(asked).toBeGreaterThan(2);
      expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
    }, 20_000);

    test('asks nothing of the files of a guest whose doorman is as new', async () => {
      agent(`import json; print(json.dumps(${JSON.stringify({ v: 1, type: 'network', links: [], defaultRoutes: [] })}), flush=True)`, `open("${sshd.agentDir}/renewed", "a").write("asked")`);
      guest.faults.version = '0.10';
      const held = hold({ agent: { version: '0.10', bundleJson: () => '{"files":{}}' } });
      const heard: Report[] = [];
      held.onReport((report) => heard.push(report));
      await expect.poll(() => heard.length, { timeout: 8000 }).toBeGreaterThan(0);
      expect(existsSync(join(sshd.agentDir, 'renewed'))).toBe(false);
    }, 10_000);

    test('renews older files over the control lane, once', async () => {
      guest.faults.version = '0.9';
      agent('import time; time.sleep(1)', `import json, sys
if sys.argv[1] == "version": print(json.dumps({"version": "0.9"}))
elif sys.argv[1] == "renew": open("${sshd.agentDir}/renewed", "a").write(sys.stdin.read()); print("{}")
else: print(json.dumps({"user": "root"}))`);
      hold({ agent: { version: '0.10', bundleJson: () => '{"files":{}}' } });
      await expect.poll(() => logged.find((line) => line.startsWith('agent-renewed')), { timeout: 5000 }).toContain('from 0.9 to 0.10');
      expect(readFileSync(join(sshd.agentDir, 'renewed'), 'utf8')).toBe('{"files":{}}');
    }, 10_000);

    test('logs in as the user whom the guest names, or says that there is none yet', async () => {
      agent('import time; time.sleep(1)', 'print(\'{"user": null, "why": "cloud-init has not made it"}\')');
      const held = hold({ defaultUser: 'nobody-of-that-name' });
      await held.reach('control', limits);
      await expect(held.reach('session', { deadlineMs: 5_000, signal: never })).rejects.toThrow(/no user to log in as yet: cloud-init has not made it/);
      agent('import time; time.sleep(1)', `print('{"user": "${sshd.user}"}')`);
      held.wake();
      expect((await held.reach('session', limits)).shell.user).toBe(sshd.user);
    }, 20_000);
  });
});
