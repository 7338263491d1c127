/** The guest's side of a network change, killed at every step there is. */
import { existsSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALL, rotation } from '../rotation.ts';
import { ADDRESSES, type Answer, CLOUD_INIT, netguardGuest, type NetguardGuest } from './stand-in/netguard-guest.ts';

const NEW = '/etc/netplan/70-lan.yaml';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
/** The default interface's address lost, another one, a virtual link, a file set aside: everything that is to be undone. */
const ACCIDENT = {
  id: 'accident', confirmWithinMs: 60_000, how: 'reload', setAside: ['/etc/netplan/60-other.yaml'],
  write: [
    { path: CLOUD_INIT, mode: 0o600, content: base64('ADDRESS 192.168.68.20/24\n') },
    { path: NEW, mode: 0o600, content: base64('NETDEV lan0\nADDRESS 172.30.9.9/24\n') },
  ],
};

let guest: NetguardGuest;
beforeEach(async () => { guest = await netguardGuest(); });
afterEach(async () => { await guest[Symbol.asyncDispose](); });

/** In a new boot what a hand had added is gone, and files in /run have other times. */
interface State {
  readonly links: readonly { readonly ifname: string; readonly addresses: readonly string[] }[];
  readonly etc: unknown;
  readonly run: unknown;
}
const state = async (): Promise<State> => await guest.state() as State;
const rebooted = (before: State): unknown => ({
  etc: before.etc, run: [], links: before.links.map((link) => ({ ...link, addresses: link.addresses.filter((address) => address !== ADDRESSES[1]) })),
});
const markers = (): string[] => readdirSync(`${guest.root}/var/lib/holdfast/netguard`).filter((name) => name.endsWith('.json'));
const count = (answer: Answer): number => (answer.answer['steps'] as string[]).length;

describe('a change', () => {
  test('is in effect while /etc is as before, and in /etc once it is committed', async () => {
    const before = await state();
    const begun = await guest.ask('begin', ACCIDENT);
    expect(begun).toMatchObject({ code: 0, answer: { v: 1, id: 'accident', how: 'reload' } });
    const armed = await state();
    expect(armed.etc).toEqual(before.etc);
    expect(armed.links.map(({ ifname, addresses }) => [ifname, addresses])).toEqual([['lo', []], ['wire', []], ['card', ['172.30.9.9/24', '192.168.68.20/24']], ['lan0', []]]);
    expect(await guest.ask('status')).toMatchObject({ answer: { phase: 'armed', id: 'accident', applied: true } });
    expect(await guest.ask('commit', { id: 'accident' })).toMatchObject({ code: 0, answer: { outcome: 'committed' } });
    const after = await state();
    expect(after.links).toEqual(armed.links);
    expect(after.run).toEqual([]);
    expect(after.etc).toMatchObject([{ name: '50-cloud-init.yaml', mode: 0o100600, uid: 0, text: 'ADDRESS 192.168.68.20/24\n' }, { name: '70-lan.yaml', mode: 0o100600 }]);
    await guest.reboot();
    expect((await state()).links).toEqual(armed.links);
    // However often it is asked.
    for (const command of ['commit', 'rollback']) expect(await guest.ask(command, { id: 'accident' })).toMatchObject({ answer: { outcome: 'committed' } });
  });

  test('that is rolled back leaves nothing: files, owners, modes, times, addresses, routes, virtual links', async () => {
    const before = await guest.state();
    await guest.ask('begin', ACCIDENT);
    const rolled = await guest.ask('rollback', { id: 'accident', why: 'the host does not reach it' });
    expect(rolled).toMatchObject({ code: 0, answer: { outcome: 'rolled-back', why: 'the host does not reach it' } });
    expect(rolled.answer['restored']).toEqual(expect.arrayContaining(['removed the link lan0', `put ${ADDRESSES[1]} back`]));
    expect(await guest.state()).toEqual(before);
    expect(existsSync(`${guest.root}/run/holdfast/netguard/accident`)).toBe(false);
    for (const command of ['commit', 'rollback']) expect(await guest.ask(command, { id: 'accident' })).toMatchObject({ answer: { outcome: 'rolled-back', why: 'the host does not reach it' } });
  });

  test('by netplan apply is rolled back as well', async () => {
    const before = await guest.state();
    expect(await guest.ask('begin', { ...ACCIDENT, how: 'apply' })).toMatchObject({ code: 0, answer: { how: 'apply' } });
    await guest.ask('rollback', { id: 'accident' });
    expect(await guest.state()).toEqual(before);
  });

  test('that netplan refuses changes nothing', async () => {
    const before = await guest.state();
    const refused = await guest.ask('begin', { ...ACCIDENT, write: [{ path: NEW, content: base64('REFUSED') }] });
    expect(refused).toMatchObject({ code: 1, answer: { refused: expect.stringContaining('/run/netplan/70-lan.yaml:1:1: Error in network definition') as string } });
    expect(await guest.state()).toEqual(before);
    expect(await guest.ask('status')).toMatchObject({ answer: { phase: 'none' } });
  });

  test('is refused while another one is armed, which is named', async () => {
    await guest.ask('begin', ACCIDENT);
    expect(await guest.ask('begin', { ...ACCIDENT, id: 'second' })).toMatchObject({ code: 1, answer: { refused: expect.stringContaining('accident is under way') as string } });
    await guest.ask('rollback', { id: 'accident' });
    expect(await guest.ask('begin', ACCIDENT)).toMatchObject({ code: 1, answer: { refused: expect.stringContaining('has ended already') as string } });
  });

  test('does not write over what somebody changed meanwhile', async () => {
    await guest.ask('begin', ACCIDENT);
    guest.write(CLOUD_INIT, 'ADDRESS 10.9.0.77/24\n');
    expect(await guest.ask('commit', { id: 'accident' })).toMatchObject({ code: 1, answer: { refused: expect.stringContaining(`${CLOUD_INIT} was changed by somebody else`) as string } });
    await guest.ask('rollback', { id: 'accident' });
    expect(guest.files()).toMatchObject([{ text: 'ADDRESS 10.9.0.77/24\n' }, { name: '60-other.yaml' }]);
  });

  test.each([
    ['a path elsewhere', { write: [{ path: '/etc/passwd', content: '' }] }],
    ['a path that climbs', { write: [{ path: '/etc/netplan/../x.yaml', content: '' }] }],
    ['what is no base64', { write: [{ path: NEW, content: '***' }] }],
    ['a file that is not there, to set aside', { setAside: ['/etc/netplan/none.yaml'] }],
    ['one file twice', { write: [{ path: NEW, content: '' }, { path: NEW, content: '' }] }],
    ['nothing at all', { write: [], setAside: [] }],
    ['an id that is a path', { id: '../x' }],
    ['a mode that is none', { write: [{ path: NEW, content: '', mode: 0o4755 }] }],
    ['a time that is none', { confirmWithinMs: -1 }],
  ])('is refused with %s', async (_name, wrong) => {
    const before = await guest.state();
    expect(await guest.ask('begin', { ...ACCIDENT, ...wrong })).toMatchObject({ code: 1, answer: { refused: expect.any(String) as string } });
    expect(await guest.state()).toEqual(before);
  });
});

describe('killed', () => {
  /** Who brings it back: one of the two for each step, the other one with another commit; `npm run faults` has both. */
  const waysBack = (stop: number): readonly ('waiter' | 'boot')[] => ALL ? ['waiter', 'boot'] : [(rotation() + stop) % 2 === 0 ? 'waiter' : 'boot'];

  /** @returns what is to be found at the next step's beginning */
  const comesBack = async (way: 'waiter' | 'boot', before: State, what: string): Promise<State> => {
    if (way === 'waiter') {
      expect((await guest.ask('wait')).code).toBe(75);
      expect(await state(), what).toEqual(before);
      return before;
    }
    // The boot's own work is killed as well.
    await guest.reboot(1);
    expect(await state(), what).toMatchObject(rebooted(before) as object);
    expect(markers()).toEqual([]);
    await guest.byHand();
    return await state();
  };

  test('at any step of beginning: the waiter, or the next boot, brings all back', async () => {
    let before = await state();
    const steps = count(await guest.ask('begin', ACCIDENT));
    await guest.ask('rollback', { id: 'accident' });
    expect(steps).toBeGreaterThan(5);
    for (let stop = 1; stop <= steps; stop += 1) {
      for (const way of waysBack(stop)) {
        expect(await guest.ask('begin', { ...ACCIDENT, id: `begun-${stop}-${way}` }, stop), `step ${stop}`).toMatchObject({ code: null });
        before = await comesBack(way, before, `${way} after step ${stop}`);
      }
    }
  }, 180_000);

  test('at any step of rolling back: the waiter, or the next boot, ends it', async () => {
    let before = await state();
    for (let stop = 1, ended = false; !ended; stop += 1) {
      for (const way of waysBack(stop)) {
        const id = `rolled-${stop}-${way}`;
        await guest.ask('begin', { ...ACCIDENT, id });
        ended = (await guest.ask('rollback', { id }, stop)).code === 0;
        if (ended) expect(stop).toBeGreaterThan(8);
        else before = await comesBack(way, before, `${way} after step ${stop}`);
      }
    }
  }, 180_000);

  test('at any step of committing: it is all of it or nothing', async () => {
    const before = await state();
    const undone: boolean[] = [];
    for (let stop = 1; ; stop += 1) {
      await guest.ask('begin', { ...ACCIDENT, id: `kept-${stop}` });
      const armed = await state();
      if ((await guest.ask('commit', { id: `kept-${stop}` }, stop)).code === 0) break;
      await guest.reboot(2);
      const after = await state();
      undone.push(JSON.stringify(after.etc) === JSON.stringify(before.etc));
      if (undone.at(-1)) expect(after, `after step ${stop}`).toMatchObject(rebooted(before) as object);
      else {
        expect(after.links, `after step ${stop}`).toEqual(armed.links);
        expect(after).toMatchObject({ run: [], etc: [{ text: 'ADDRESS 192.168.68.20/24\n' }, { name: '70-lan.yaml' }] });
      }
      expect(markers()).toEqual([]);
      await guest[Symbol.asyncDispose]();
      guest = await netguardGuest();
    }
    // Only before it is decided is there nothing of it.
    expect(undone).toEqual([true, ...Array<boolean>(undone.length - 1).fill(false)]);
    expect(undone.length).toBeGreaterThan(5);
  }, 180_000);

  test('with netplan at work: what it had running is ended first', async () => {
    const before = await guest.state();
    writeFileSync(`${guest.root}/hang`, '');
    const begun = guest.start('begin', { ...ACCIDENT, how: 'apply' });
    await expect.poll(guest.calls, { timeout: 20_000 }).toContain('netplan apply');
    begun.kill('SIGKILL');
    rmSync(`${guest.root}/hang`);
    expect((await guest.ask('wait')).code).toBe(75);
    expect(await guest.state()).toEqual(before);
    expect(await guest.ask('rollback', { id: 'accident' })).toMatchObject({ answer: { outcome: 'rolled-back', why: 'netguard was ended while it applied it' } });
  });
});

describe('the deadline', () => {
  test('passes: the guest rolls back by itself, and a later word of confirmation is told so', async () => {
    const before = await guest.state();
    await guest.ask('begin', { ...ACCIDENT, confirmWithinMs: 1_500 });
    expect((await guest.ask('wait')).code).toBe(75);
    expect(await guest.state()).toEqual(before);
    expect(await guest.ask('commit', { id: 'accident' })).toMatchObject({ code: 0, answer: { outcome: 'rolled-back', why: 'it was not confirmed in time' } });
  });

  test('is not waited for by a word that comes too late, though nobody has looked yet', async () => {
    const before = await guest.state();
    await guest.ask('begin', { ...ACCIDENT, confirmWithinMs: 1 });
    expect(await guest.ask('commit', { id: 'accident' })).toMatchObject({ answer: { outcome: 'rolled-back', why: 'it was confirmed too late' } });
    expect(await guest.state()).toEqual(before);
  });

  test('passed while the machine stood still: its own clock tells', async () => {
    const clock = '/sys/class/rtc/rtc0/since_epoch';
    guest.write(clock, '1800000000\n');
    await guest.ask('begin', { ...ACCIDENT, confirmWithinMs: 3_600_000 });
    const waiter = guest.start('wait');
    // Set back by an hour it says nothing.
    guest.write(clock, '1799996400\n');
    await sleep(2_500);
    expect(await guest.ask('status')).toMatchObject({ answer: { phase: 'armed' } });
    guest.write(clock, '1800003700\n');
    expect(await new Promise((resolve) => { waiter.once('exit', resolve); })).toBe(75);
    expect(await guest.ask('status')).toMatchObject({ answer: { phase: 'none' } });
  });
});

describe('a disk', () => {
  const SIZE = 4 << 20;
  const fill = (): void => {
    const { bavail, bsize } = statfsSync(guest.root);
    writeFileSync(`${guest.root}/filler`, Buffer.alloc(bavail * bsize));
  };
  beforeEach(async () => {
    await guest[Symbol.asyncDispose]();
    guest = await netguardGuest(SIZE);
  });

  test('that is full: a change is refused, and nothing is changed', async () => {
    const before = await guest.state();
    // Also /run lies on it.
    fill();
    expect(await guest.ask('begin', ACCIDENT)).toMatchObject({ code: 1 });
    rmSync(`${guest.root}/filler`);
    expect(await guest.state()).toEqual(before);
    expect(await guest.ask('status')).toMatchObject({ answer: { phase: 'none' } });
  });

  test.each(['commit', 'rollback'])('that fills up while a change is armed: %s takes no space', async (command) => {
    const before = await guest.state();
    await guest.ask('begin', ACCIDENT);
    const armed = await state();
    fill();
    expect(await guest.ask(command, { id: 'accident' })).toMatchObject({ code: 0, answer: { outcome: command === 'commit' ? 'committed' : 'rolled-back' } });
    rmSync(`${guest.root}/filler`);
    if (command === 'rollback') expect(await guest.state()).toEqual(before);
    else expect(await state()).toMatchObject({ links: armed.links, run: [], etc: [{ text: 'ADDRESS 192.168.68.20/24\n' }, { name: '70-lan.yaml' }] });
  });
});
