/** How an ethernet goes into its bridge and out of it again: by the one who configures it, or by `ip` where that is nobody. */
import type { Pair } from '../../../core/network/ethernet/moves.ts';
import type { Picture } from '../../../core/network/ethernet/picture.ts';
import type { Owner } from './owner.ts';

export interface Job extends Pair {
  readonly had: Picture;
  /** What the bridge is marked with. */
  readonly mark: string;
  /** For files of a moment. */
  readonly directory: string;
}

export interface Way {
  /** How long the addresses may take to be on the bridge. */
  readonly withinMs: number;
  /** It is undone by whoever calls, also where it fails. @throws machine-failed, tool-missing */
  into(job: Job): Promise<void>;
  /** From wherever it was left, and as often as may be. */
  back(job: Job): Promise<void>;
}

export type Ways = Readonly<Record<Owner, Way | undefined>>;
