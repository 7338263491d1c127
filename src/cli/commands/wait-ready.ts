import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, HoldfastError } from '../../core/errors.ts';
import { defineCommand, type Context } from '../command.ts';
import { TIMEOUT_OPTION, timeoutSeconds } from '../numbers.ts';

/** As often as Multipass looks. */
const LOOK_MS = 500;
/** A daemon that hangs is asked again. */
const ANSWER_MS = 10_000;
/** Several servers, each of which may be slow. */
const PUBLISHED_MS = 200_000;

export const waitReady = defineCommand({
  name: 'wait-ready',
  group: 'Settings and the daemon',
  summary: 'Wait until the daemon answers and has asked what images there are',
  usage: '',
  args: [0, 0],
  options: { timeout: TIMEOUT_OPTION },
  examples: [['holdfast wait-ready --timeout 60', 'in a script, before the first launch']],
  async run(context, { options }) {
    const seconds = timeoutSeconds(options.timeout);
    const late = seconds === undefined ? undefined : AbortSignal.timeout(seconds * 1000);
    const over = late ? AbortSignal.any([context.signal, late]) : context.signal;
    for (let why = await whyNot(context, over); why !== undefined; why = await whyNot(context, over)) {
      await sleep(LOOK_MS, undefined, { signal: over }).catch(() => {});
      if (late?.aborted) throw fail('timed-out', `timed out waiting for the daemon: ${why.message}`, { hint: why.hint });
      if (context.signal.aborted) throw fail('cancelled', 'interrupted');
    }
  },
});

/** @returns undefined when it is ready */
async function whyNot({ client: connect }: Context, signal: AbortSignal): Promise<HoldfastError | undefined> {
  try {
    // A daemon that is being started has longer than whoever waits for it here.
    const client = await Promise.race([connect(), interrupted(signal)]);
    await client.call('listImages', {}, { signal, deadlineMs: ANSWER_MS });
    // What is published is asked for once; where nobody answers, what is here can be launched all the same.
    await client.call('findImages', { query: {} }, { signal, deadlineMs: PUBLISHED_MS });
    return undefined;
  } catch (error) {
    if (!(error instanceof HoldfastError) || !WAITED_FOR.has(error.code)) throw error;
    return error;
  }
}

/** @throws cancelled */
async function interrupted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw fail('cancelled', 'interrupted');
}

/** What may pass by itself; that it belongs to somebody else does not. `cancelled`: the time was up meanwhile. */
const WAITED_FOR: ReadonlySet<string> = new Set(['daemon-unreachable', 'daemon-failed', 'daemon-stopping', 'cancelled']);
