import type { WireInstance } from '../../api/schemas.ts';
import { canStopLater } from '../../core/delayed-stop.ts';
import { actOnAll } from '../batch.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { delayMinutes } from '../numbers.ts';
import { allFor, distinct, instances, requirePrimary } from '../targets.ts';

export const stop = defineCommand({
  name: 'stop',
  group: 'Instances',
  summary: 'Stop instances',
  usage: '[<name>...]',
  takes: [['<name>', 'of an instance; the primary one when absent']],
  args: [0, Infinity],
  options: {
    all: { flags: '--all', summary: 'every instance that runs' },
    time: { flags: '-t, --time <minutes>', summary: 'later; the users inside are told' },
    cancel: { flags: '-c, --cancel', summary: 'call off a stop that was to come later' },
    force: { flags: '--force', summary: 'pull the plug: what the guest has not written is lost' },
  },
  examples: [
    ['holdfast stop apollo', 'shut it down'],
    ['holdfast stop apollo --time 10', 'in ten minutes'],
    ['holdfast stop --all --force', 'everything, at once'],
  ],
  async run(context, { args, options }) {
    const delay = delayMinutes(options.time);
    if (options.all && args.length > 0) throw new UsageError('Cannot specify name(s) when --all option set');
    if (options.cancel && delay !== undefined) throw new UsageError('Cannot set a time and cancel at once');
    if (options.force && (options.cancel || delay !== undefined)) throw new UsageError('Cannot set --force together with --time or --cancel');
    const client = await context.client();
    const names = options.all ? everyOne(await instances(client, context.signal), options.force, delay)
      : args.length > 0 ? distinct(args) : [await requirePrimary(client, context.signal)];
    await actOnAll(context, client, names, {
      action: 'stop', ...(options.force ? { force: true } : {}), ...(options.cancel ? { cancel: true } : {}), ...(delay ? { delayMinutes: delay } : {}),
    });
  },
});

/** Of those that crashed or are not up yet it is not asked that they stop later, which they cannot; at once all are. */
function everyOne(all: readonly WireInstance[], force: boolean, delay = 0): readonly string[] {
  return allFor(force ? 'force-stop' : 'stop', delay > 0 ? all.filter(({ state }) => canStopLater(state)) : all);
}
