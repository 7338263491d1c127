import { forgetAliasesOf } from '../aliases/forget.ts';
import { defineCommand } from '../command.ts';
import { runOperation } from '../operations.ts';
import { goneOf, instances } from '../targets.ts';

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
    const deleted = (await instances(client, context.signal)).filter(({ state }) => state === 'Deleted').map(({ name }) => name);
    await runOperation(context, client, () => client.call('purge', {}));
    await forgetAliasesOf(await goneOf(client, deleted), context);
  },
});
