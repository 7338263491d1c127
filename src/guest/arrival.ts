/** What comes when a machine has answered whose start somebody waits for, one after the other: on one processor two logins at once take twice as long. */
import { untilDone } from '../core/retry/until-done.ts';
import { settleFork } from './fork/settle.ts';
import type { HoldOptions } from './hold-options.ts';
import type { ConnectionKeeper, KeptShell } from './lane.ts';
import type { Report } from './report.ts';
import { clause } from './ssh/failure.ts';
import { pause, timeLimit } from './ssh/time-limit.ts';

/** After an emulated guest's arrival: how soon a first command is waited for, how long, and how often it is looked at. */
const [FIRST_COMMAND_WITHIN_MS, FIRST_COMMAND_MS, LOOK_MS] = [250, 1_500, 20];
/** One that comes with a new daemon needs a login first: measured at two seconds, and twice that when the host is busy. */
const WITH_LOGIN_MS = 6_000;
/** How long its card waits for what it is plugged into, before others have their turn. */
const PLUG_MS = 15_000;
const SETTLE_BACKOFF = { firstMs: 2_000, capMs: 60_000 };

interface Arriving {
  readonly options: Pick<HoldOptions, 'name' | 'lanes' | 'slow' | 'arrived' | 'unsettled' | 'log'>;
  readonly session: (signal: AbortSignal) => Promise<KeptShell>;
  readonly loginMs: number;
  readonly heard: (report: Report) => void;
}

/** Its session lane; then a first command; then its card and its services. Resolves when the control lane's turn has come. */
export async function arrive({ options, session, loginMs, heard }: Arriving, signal: AbortSignal): Promise<void> {
  using limit = timeLimit(loginMs, signal);
  const shell = await session(limit.signal).catch(() => undefined);
  options.arrived?.();
  if (shell && options.slow) {
    await pause(FIRST_COMMAND_WITHIN_MS, signal);
    await untilIdle(() => shell.alive && shell.commands > 0, FIRST_COMMAND_MS - FIRST_COMMAND_WITHIN_MS, signal);
  }
  if (options.unsettled) await settle(options, options.unsettled, heard, signal);
}

/** An emulated guest's own commands come first: one takes four times as long beside all that Holdfast asks of a guest it has just reached. */
export async function letCommandsPass(session: ConnectionKeeper, signal: AbortSignal): Promise<void> {
  await untilIdle(() => session.isBusy, WITH_LOGIN_MS, signal);
}

async function untilIdle(isBusy: () => boolean, mostMs: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + mostMs;
  while (isBusy() && performance.now() < until && !signal.aborted) await pause(LOOK_MS, signal);
}

/** Resolves after the first time; what failed then is tried again beside all else. */
async function settle({ lanes, log, name }: Arriving['options'], { turn, plug, settled }: NonNullable<HoldOptions['unsettled']>, heard: Arriving['heard'], signal: AbortSignal): Promise<void> {
  const { promise: firstTime, resolve: tried } = Promise.withResolvers<void>();
  const once = async (): Promise<void> => {
    using _turn = await turn(signal);
    using limit = timeLimit(PLUG_MS, signal);
    await settleFork(lanes, () => plug(limit.signal), heard, signal);
    await settled();
  };
  const failed = (error: unknown): void => {
    log('fork', `${name}: its network card or its services did not come, and are tried again: ${clause(error)}`);
    tried();
  };
  untilDone(once, { failed, backoff: SETTLE_BACKOFF, random: Math.random, isOver: () => signal.aborted, pause: (ms) => pause(ms, signal) }).catch(() => {}).finally(tried);
  await firstTime;
}
