/** What the daemon announces. Events announce, they never steer: whoever missed one reads the state again. */
import type { Hold, Network, State } from './instance.ts';

export type HoldfastEvent =
  | { readonly type: 'instance-state'; readonly instance: string; readonly state: State; readonly reason: string | null }
  | { readonly type: 'instance-hold'; readonly instance: string; readonly hold: Hold }
  | { readonly type: 'instance-network'; readonly instance: string; readonly network: Network; readonly ipv4: readonly string[] }
  | { readonly type: 'operation'; readonly operation: string }
  | { readonly type: 'notice'; readonly instance: string | null; readonly message: string };
