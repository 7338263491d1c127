import { forgetAliasesOf } from '../aliases/forget.ts';
import { actOnAll } from '../batch.ts';
import { defineCommand } from '../command.ts';
import { distinct, goneOf, instances, requireNamesOrAll } from '../targets.ts';

export const deletion = defineCommand({
  name: 'delete',
  group: 'Instances',
  summary: 'Delete instances; "recover" brings them back until they are purged',
  usage: '<name>...',
  takes: [['<name>', 'of an instance; several may be given']],
  args: [0, Infinity],
  options: {
    all: { flags: '--all', summary: 'every instance' },
    purge: { flags: '-p, --purge', summary: 'for good, at once' },
  },
  examples: [
    ['holdfast delete apollo', 'can be recovered'],
    ['holdfast delete --purge apollo', 'cannot'],
  ],
  async run(context, { args, options }) {
    requireNamesOrAll(args, options.all, 'delete');
    const client = await context.client();
    const names = options.all
      ? (await instances(client, context.signal)).filter(({ state }) => options.purge || state !== 'Deleted').map(({ name }) => name)
      : distinct(args);
    try {
      await actOnAll(context, client, names, { action: 'delete', ...(options.purge ? { purge: true } : {}) });
    } finally {
      // Of several some may have gone.
      if (options.purge) await forgetAliasesOf(await goneOf(client, names), context);
    }
  },
});
