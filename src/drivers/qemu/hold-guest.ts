/** What the daemon's wiring gives this driver, so that it knows neither how a guest is held nor how a seed is written. */
import type { GuestAccess } from '../../guest/access.ts';
import type { HoldOptions } from '../../guest/hold.ts';
import type { InstanceKeys } from '../../host/keys.ts';
import type { MachineSpec } from '../driver.ts';

export type HoldGuest = (options: HoldOptions & { readonly startedAt: string }) => GuestAccess;

/** Writes the seed image whole or not at all. */
export type WriteSeed = (machine: MachineSpec, keys: InstanceKeys, isoPath: string, signal: AbortSignal) => Promise<void>;
