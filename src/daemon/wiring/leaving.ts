/**
 * How a daemon goes: told by a signal, or to be started again with a setting that was changed. What is under way is left as
 * kill -9 would leave it: the next daemon finishes or undoes it. VMs go on, unless the host ends too.
 */
import { isManagerEnding, shutDownGuests } from '../instances/host-end.ts';
import type { House } from '../instances/house.ts';
import type { Doors } from './doors.ts';
import type { OpenHome } from './home.ts';
import type { Contract } from './multipassd.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface LeavingParts {
  readonly home: OpenHome;
  readonly house: House;
  readonly doors: Doors;
  readonly contract: Contract | undefined;
}

/** Until it serves: what it has begun is left as a kill would leave it, and to be told to end is no failure. */
export function endEarly(): Disposable {
  const end = (): void => process.exit(0);
  for (const signal of SIGNALS) process.once(signal, end);
  return { [Symbol.dispose]() { for (const signal of SIGNALS) process.off(signal, end); } };
}

export function leaveWhenTold({ home, house, doors, contract }: LeavingParts): void {
  const leave = (code: number, why: string): void => {
    house.log.line('end', null, `holdfastd ${why}`);
    doors[Symbol.dispose]();
    home[Symbol.dispose]();
    process.exit(code);
  };
  process.once('SIGINT', () => leave(0, 'was told to end; VMs go on'));
  process.once('SIGTERM', () => void (async () => {
    const isHostEnding = await isManagerEnding(process.env, house.owner === 0);
    if (isHostEnding) await shutDownGuests(house);
    leave(0, isHostEnding ? 'ends with its host, and its guests have' : 'was told to end; VMs go on');
  })());
  if (contract) doors.afterSetting = () => leave(contract.exitAfterSetting, 'ends to be started again, since a setting was changed; VMs go on');
}
