import { actOnAll } from '../batch.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { allFor, distinct, instances, requirePrimary } from '../targets.ts';

export const suspend = defineCommand({
  name: 'suspend',
  group: 'Instances',
  summary: 'Save instances as they are, and end them',
  usage: '[<name>...]',
  takes: [['<name>', 'of an instance; the primary one when absent']],
  args: [0, Infinity],
  options: { all: { flags: '--all', summary: 'every instance that runs' } },
  examples: [
    ['holdfast suspend apollo', 'its memory goes into a file'],
    ['holdfast suspend --all', 'everything that runs'],
  ],
  notes: ['It goes on where it was: holdfast start apollo. To boot it instead: holdfast stop --force apollo, then start it.'],
  async run(context, { args, options }) {
    if (options.all && args.length > 0) throw new UsageError('Cannot specify name(s) when --all option set');
    const client = await context.client();
    const names = options.all ? allFor('suspend', await instances(client, context.signal))
      : args.length > 0 ? distinct(args) : [await requirePrimary(client, context.signal)];
    await actOnAll(context, client, names, { action: 'suspend' });
  },
});
