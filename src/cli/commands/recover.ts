import { actOnAll } from '../batch.ts';
import { defineCommand } from '../command.ts';
import { allFor, distinct, instances, requireNamesOrAll } from '../targets.ts';

export const recover = defineCommand({
  name: 'recover',
  group: 'Instances',
  summary: 'Bring deleted instances back, stopped',
  usage: '<name>...',
  takes: [['<name>', 'of a deleted instance; several may be given']],
  args: [0, Infinity],
  options: { all: { flags: '--all', summary: 'every deleted instance' } },
  examples: [['holdfast recover apollo', 'as it was before "delete"']],
  async run(context, { args, options }) {
    requireNamesOrAll(args, options.all, 'recover');
    const client = await context.client();
    const names = options.all ? allFor('recover', await instances(client, context.signal)) : distinct(args);
    await actOnAll(context, client, names, { action: 'recover' });
  },
});
