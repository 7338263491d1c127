import { actOnAll } from '../batch.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { TIMEOUT_OPTION, timeoutSeconds } from '../numbers.ts';
import { launchPrimary, PRIMARY_NOTE } from '../primary.ts';
import { allFor, distinct, instances, requirePrimary } from '../targets.ts';

export const start = defineCommand({
  name: 'start',
  group: 'Instances',
  summary: 'Start instances',
  usage: '[<name>...]',
  takes: [['<name>', 'of an instance; the primary one when absent']],
  args: [0, Infinity],
  options: {
    all: { flags: '--all', summary: 'every instance that is not deleted' },
    timeout: TIMEOUT_OPTION,
  },
  examples: [
    ['holdfast start apollo hermes', 'both at once'],
    ['holdfast start', 'the primary instance, launched if there is none'],
  ],
  notes: [PRIMARY_NOTE],
  async run(context, { args, options }) {
    const seconds = timeoutSeconds(options.timeout);
    if (options.all && args.length > 0) throw new UsageError('Cannot specify name(s) when --all option set');
    const client = await context.client();
    const timeout = seconds === undefined ? {} : { timeoutSeconds: seconds };
    if (!options.all && args.length === 0) {
      const primary = await requirePrimary(client, context.signal);
      const there = (await instances(client, context.signal)).some(({ name }) => name === primary);
      if (!there) return launchPrimary(context, client, { name: primary, ...timeout });
      await actOnAll(context, client, [primary], { action: 'start', ...timeout }, seconds);
      return;
    }
    const names = options.all ? allFor('start', await instances(client, context.signal)) : distinct(args);
    await actOnAll(context, client, names, { action: 'start', ...timeout }, seconds);
  },
});
