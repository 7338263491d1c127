/** What the daemon announces. Events announce, they never steer: whoever missed one reads the state again. */
import type { Hold, Network, State } from './instance.ts';
import type { Origin } from './network/revision.ts';

export type HoldfastEvent =
  | { readonly type: 'instance-state'; readonly instance: string; readonly state: State; readonly reason: string | null }
  | { readonly type: 'instance-hold'; readonly instance: string; readonly hold: Hold }
  | { readonly type: 'instance-network'; readonly instance: string; readonly network: Network; readonly ipv4: readonly string[] }
  /** The netplan files in it are others now; `message` says who changed them and how they are restored. */
  | { readonly type: 'instance-netplan'; readonly instance: string; readonly revision: number; readonly by: Origin; readonly files: readonly string[]; readonly message: string }
  /** Its guest opened its end of the control lane (it can be spoken to from now on), or closed it. */
  | { readonly type: 'instance-control'; readonly instance: string; readonly open: boolean }
  /** Its guest restarted, by itself or hard: what ran in it is gone. */
  | { readonly type: 'instance-reset'; readonly instance: string }
  | { readonly type: 'operation'; readonly operation: string }
  | { readonly type: 'notice'; readonly instance: string | null; readonly message: string }
  /** Said to one who resumes: what came after the event that he saw last is not known any more (it was another daemon's, or too many came since). He reads the state again. */
  | { readonly type: 'gap' };
