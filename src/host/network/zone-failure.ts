/** One zone's network that does not come up, while others do: how it is told. */
import { FIRST_ZONE, type ZoneNetwork } from '../../core/network/home-network.ts';
import type { Tell } from './missing.ts';

export interface ZoneFailure {
  readonly zone: ZoneNetwork;
  readonly error: unknown;
}

export interface Outcome {
  readonly up: readonly ZoneNetwork[];
  readonly failures: readonly ZoneFailure[];
}

/** To the log; of each zone for itself. */
export function tellFailures(failures: readonly ZoneFailure[], tell: Tell): void {
  for (const { zone: { zone }, error } of failures) {
    const [cause, whose] = zone === FIRST_ZONE ? ['network-broken', 'this home'] : [`network-broken ${zone}`, zone];
    tell(cause, `the network of ${whose} cannot be brought up: ${error instanceof Error ? error.message : String(error)}`, 'it is tried again, less and less often; what is wrong with it: holdfast doctor');
  }
}
