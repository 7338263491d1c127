import { defineCommand } from '../command.ts';
import { runOperation } from '../operations.ts';

export const purge = defineCommand({
  name: 'purge',
  group: 'Instances',
  summary: 'Remove all deleted instances for good',
  usage: '',
  args: [0, 0],
  options: {},
  examples: [['holdfast purge', 'nothing that was deleted can be recovered afterwards']],
  async run(context) {
    const client = await context.client();
    await runOperation(context, client, () => client.call('purge', {}));
  },
});
