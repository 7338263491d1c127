import { HoldfastError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { BatchError, UsageError } from '../failure.ts';
import { splitPlace } from '../mounting.ts';
import { runOperation } from '../operations.ts';

export const umount = defineCommand({
  name: 'umount',
  aliases: ['unmount'],
  group: 'Inside an instance',
  summary: 'Take mounted directories away from instances',
  usage: '<name>[:<path>]...',
  takes: [['<name>', 'of the instance'], ['<path>', 'where it is there; all that are mounted when absent']],
  args: [0, Infinity],
  options: {},
  examples: [
    ['holdfast umount apollo:/data', 'one'],
    ['holdfast umount apollo', 'all of it'],
  ],
  async run(context, { args }) {
    if (args.length === 0) throw new UsageError('Wrong number of arguments given', 'see: holdfast help umount');
    const wanted = args.map(splitPlace);
    const client = await context.client();
    const failed: HoldfastError[] = [];
    for (const { instance, target } of wanted) {
      try {
        await runOperation(context, client, () => client.call('unmount', { params: { name: instance }, query: target === undefined ? {} : { target } }));
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.code === 'cancelled' || wanted.length === 1) throw error;
        failed.push(error);
      }
    }
    if (failed.length > 0) throw new BatchError(failed);
  },
});
