/**
 * What the remotes publish, as far as it is known here: answered from what is kept, which is checked in the background when
 * it is six hours old. Only what was never known is waited for.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishedImage } from '../../core/catalogue/published.ts';
import { isRemoteName, type RemoteName } from '../../core/catalogue/remotes.ts';
import { fail, HoldfastError } from '../../core/errors.ts';
import { readKept, writeKept, type KeptCatalogue } from './kept.ts';
import { refreshRemote, type RefreshSetup, type Source } from './refresh.ts';

export interface Known {
  readonly remote: RemoteName;
  /** Undefined where it was never had. */
  readonly images: readonly PublishedImage[] | undefined;
  /** Why what is published now could not be had, if it was tried. */
  readonly trouble: HoldfastError | undefined;
  /** It has no address: nothing is amiss. */
  readonly isOff?: true;
}

export interface CataloguesSetup extends RefreshSetup {
  /** @returns undefined for a remote that is switched off  @throws bad-setting */
  readonly sourceOf: (remote: RemoteName) => Promise<Source | undefined>;
  /** Why nobody on the web is asked; undefined where somebody may be. */
  readonly offline: string | undefined;
  readonly log: (remote: RemoteName, message: string) => void;
}

export interface Catalogues {
  /** @param force  ask what is published now, and wait for it */
  get(remotes: readonly RemoteName[], signal: AbortSignal, force?: boolean): Promise<Known[]>;
  /** Would get() have nobody to wait for? */
  isSettled(remotes: readonly RemoteName[]): Promise<boolean>;
  /** Asks, in the background, of those remotes what is not known or old. */
  keepFresh(remotes: readonly RemoteName[]): void;
  /** At start: removes what an interrupted refresh has left. */
  sweep(): Promise<void>;
}

export const FRESH_MS = 6 * 3600 * 1000;
/** After a failure, what was never had is not waited for again so soon. */
const RETRY_MS = 60_000;
/** Of one remote, all files together. */
const REFRESH_MS = 180_000;

interface State {
  identity: string;
  kept: KeptCatalogue | undefined;
  trouble: HoldfastError | undefined;
  failedAt: number;
  refreshing: Promise<void> | undefined;
}

export function openCatalogues(setup: CataloguesSetup): Catalogues {
  const { directory, now, log } = setup;
  const states = new Map<RemoteName, State>();

  async function stateOf(remote: RemoteName, { identity }: Source): Promise<State> {
    const known = states.get(remote);
    if (known?.identity === identity) return known;
    const state: State = { identity, kept: await readKept(directory, remote, identity), trouble: undefined, failedAt: Number.NEGATIVE_INFINITY, refreshing: undefined };
    // Two who ask at once read it twice; the first one's stays.
    const meanwhile = states.get(remote);
    if (meanwhile?.identity === identity) return meanwhile;
    states.set(remote, state);
    return state;
  }

  /** Shared by all who want it; one who leaves calls nothing off. */
  async function refresh(remote: RemoteName, source: Source, state: State): Promise<void> {
    state.refreshing ??= (async () => {
      try {
        if (setup.offline !== undefined) throw fail('download-failed', setup.offline);
        const fresh = await refreshRemote(source, state.kept, setup, AbortSignal.timeout(REFRESH_MS));
        await writeKept(directory, remote, fresh).catch((error: unknown) => log(remote, `the catalogue of ${remote} cannot be kept: ${error instanceof Error ? error.message : String(error)}`));
        state.kept = fresh;
        state.trouble = undefined;
      } catch (error) {
        state.failedAt = now();
        state.trouble = error instanceof HoldfastError ? error : fail('internal', error instanceof Error ? error.message : String(error), { cause: error });
        if (setup.offline === undefined) log(remote, `what ${remote} publishes now is not known: ${state.trouble.message}`);
      } finally {
        state.refreshing = undefined;
      }
    })();
    await state.refreshing;
  }

  async function known(remote: RemoteName, signal: AbortSignal, force: boolean): Promise<Known> {
    const source = await setup.sourceOf(remote);
    if (source === undefined) return { remote, images: undefined, isOff: true, trouble: fail('image-not-found', `the remote ${remote} is switched off`, { hint: `give it an address: holdfast set local.image.remote.${remote}=https://…` }) };
    const state = await stateOf(remote, source);
    const isOld = state.kept === undefined || now() - state.kept.checkedAt > FRESH_MS;
    const failedJustNow = now() - state.failedAt < RETRY_MS;
    if (force || (state.kept === undefined && !failedJustNow)) await abortable(refresh(remote, source, state), signal);
    else if (isOld && !failedJustNow) void refresh(remote, source, state);
    return { remote, images: state.kept?.files.flatMap(({ images }) => images), trouble: force || state.kept === undefined ? state.trouble : undefined };
  }

  return {
    get: async (remotes, signal, force = false) => await Promise.all(remotes.map((remote) => known(remote, signal, force).catch((error: unknown): Known => {
      if (error instanceof HoldfastError && error.code !== 'cancelled') return { remote, images: undefined, trouble: error };
      throw error;
    }))),
    async isSettled(remotes) {
      const settled = await Promise.all(remotes.map(async (remote) => {
        const source = await setup.sourceOf(remote).catch(() => undefined);
        if (source === undefined || setup.offline !== undefined) return true;
        const state = await stateOf(remote, source);
        return state.kept !== undefined || now() - state.failedAt < RETRY_MS;
      }));
      return settled.every(Boolean);
    },
    keepFresh(remotes) {
      if (setup.offline !== undefined) return;
      for (const remote of remotes) void known(remote, AbortSignal.timeout(REFRESH_MS), false).catch((error: unknown) => log(remote, error instanceof Error ? error.message : String(error)));
    },
    async sweep() {
      for (const name of await readdir(directory).catch(() => [])) {
        const isKept = name.endsWith('.json') && isRemoteName(name.slice(0, -5));
        if (!isKept) await rm(join(directory, name), { recursive: true, force: true });
      }
    },
  };
}

/** Who waits may leave; the work goes on for the others. */
async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(fail('cancelled', 'nobody waits any more for what the remotes publish', { cause: signal.reason }));
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
