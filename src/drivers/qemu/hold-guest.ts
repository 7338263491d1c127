/** What the daemon's wiring gives this driver, so that it knows neither how a guest is held nor how a seed is written. */
import type { GuestAccess } from '../../guest/access.ts';
import type { Thaw } from '../../guest/fork/thaw.ts';
import type { HoldOptions } from '../../guest/hold-options.ts';
import type { LanePort } from '../../guest/lane-port.ts';
import type { InstanceKeys } from '../../host/keys.ts';
import type { MachineSpec } from '../driver.ts';

export type HoldGuest = (options: HoldOptions & { readonly startedAt: string }) => GuestAccess;

/** What a guest with older files is given over its control lane. */
export interface AgentRenewal {
  readonly version: string;
  /** The guest's files, with those keys of the instance that an older guest may lack. */
  bundleJson(keys: InstanceKeys): string;
}

/** Writes the seed image whole or not at all. */
export type WriteSeed = (machine: MachineSpec, keys: InstanceKeys, isoPath: string, signal: AbortSignal) => Promise<void>;

/** Makes a booted guest, to which there are no connections any more, ready to be forked. @returns its machine-id */
export type FreezeGuest = (lanes: LanePort, tokens: readonly string[], signal: AbortSignal) => Promise<{ readonly machineId: string }>;

/** Steps a guest's clock to the host's. */
export type SetClock = (lanes: LanePort, signal: AbortSignal) => Promise<unknown>;

/** Gives a fork its own identity. */
export type ThawGuest = (lanes: LanePort, thaw: Thaw, signal: AbortSignal) => Promise<unknown>;
