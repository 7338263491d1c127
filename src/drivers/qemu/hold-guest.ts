/** What the daemon's wiring gives this driver, so that it knows neither how a guest is held nor how a seed is written. */
import type { GuestAccess } from '../../guest/access.ts';
import type { AddressPort, ConsolePort, LanePort } from '../../guest/lane-port.ts';
import type { InstanceKeys } from '../../host/keys.ts';
import type { MachineSpec } from '../driver.ts';

export interface HoldGuestOptions {
  readonly name: string;
  readonly lanes: LanePort;
  readonly address: AddressPort | undefined;
  readonly console: ConsolePort | undefined;
  readonly keys: { readonly controlPrivate: string; readonly sessionPrivate: string; readonly hostPublic: string; readonly guestHostPublic: string };
  /** Emulated: longer deadlines. */
  readonly slow: boolean;
  readonly startedAt: string;
  readonly defaultUser: string;
  readonly agent?: { readonly version: string; readonly bundleJson: string } | undefined;
  readonly log: (cause: string, message: string) => void;
}

export type HoldGuest = (options: HoldGuestOptions) => GuestAccess;

/** Writes the seed image whole or not at all. */
export type WriteSeed = (machine: MachineSpec, keys: InstanceKeys, isoPath: string, signal: AbortSignal) => Promise<void>;
