import { actOnAll } from '../batch.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { TIMEOUT_OPTION, timeoutSeconds } from '../numbers.ts';
import { allFor, distinct, instances, requirePrimary } from '../targets.ts';

export const restart = defineCommand({
  name: 'restart',
  group: 'Instances',
  summary: 'Restart instances',
  usage: '[<name>...]',
  takes: [['<name>', 'of an instance; the primary one when absent']],
  args: [0, Infinity],
  options: {
    all: { flags: '--all', summary: 'every instance that runs' },
    timeout: TIMEOUT_OPTION,
  },
  examples: [['holdfast restart apollo', 'shut it down and start it again']],
  async run(context, { args, options }) {
    const seconds = timeoutSeconds(options.timeout);
    if (options.all && args.length > 0) throw new UsageError('Cannot specify name(s) when --all option set');
    const client = await context.client();
    const names = options.all ? allFor('restart', await instances(client, context.signal))
      : args.length > 0 ? distinct(args) : [await requirePrimary(client, context.signal)];
    await actOnAll(context, client, names, { action: 'restart', ...(seconds === undefined ? {} : { timeoutSeconds: seconds }) }, seconds);
  },
});
