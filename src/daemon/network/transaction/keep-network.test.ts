import { expect, test, vi } from 'vitest';
import type { MachineEvents } from '../../../drivers/driver.ts';
import type { Hold } from '../../../core/instance.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { keepNetwork } from './keep-network.ts';

function kept(isPaused: boolean) {
  const heard: Partial<MachineEvents>[] = [];
  const holds: ((hold: Hold) => void)[] = [];
  const machine = {
    isPaused, on: (listener: Partial<MachineEvents>) => heard.push(listener),
    guest: { hold: { level: 'held', reason: null }, reports: {}, onReport: () => {}, onHold: (listener: (hold: Hold) => void) => holds.push(listener) },
  };
  // Whoever looks for what is pending is at it.
  const armed = vi.fn<House['history']['armed']>(() => undefined);
  const supervisor = { id: '00c0ffee', name: 'apollo', machine };
  keepNetwork({ history: { armed } } as unknown as House, supervisor as unknown as Supervisor);
  const pause = (paused: boolean): void => {
    machine.isPaused = paused;
    for (const { paused: tell } of heard) tell?.(paused);
  };
  return { armed, supervisor, pause, hold: () => { for (const tell of holds) tell({ level: 'held', reason: null }); } };
}

test('what was left open is settled when the guest is held, and of one that is paused when it goes on: its lanes may not have noticed', () => {
  const { armed, pause, hold } = kept(true);
  hold();
  expect(armed).not.toHaveBeenCalled();
  pause(false);
  expect(armed).toHaveBeenCalledTimes(1);
  pause(true);
  expect(armed).toHaveBeenCalledTimes(1);
  hold();
  pause(false);
  expect(armed).toHaveBeenCalledTimes(2);
});

test('where the instance has another machine by then, that is left to it', () => {
  const { armed, supervisor, pause } = kept(true);
  Object.assign(supervisor, { machine: { isPaused: false, guest: { hold: { level: 'held', reason: null } } } });
  pause(false);
  expect(armed).not.toHaveBeenCalled();
});
