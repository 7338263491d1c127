import { splitSnapshot } from '../../core/snapshots.ts';
import { forgetAliasesOf } from '../aliases/forget.ts';
import { confirmed } from '../ask.ts';
import { actOnAll } from '../batch.ts';
import { defineCommand, type Context } from '../command.ts';
import { BatchError, UsageError } from '../failure.ts';
import { distinct, goneOf, instances, requireEach, requireNamesOrAll } from '../targets.ts';

export const deletion = defineCommand({
  name: 'delete',
  group: 'Instances',
  summary: 'Delete instances, which "recover" brings back until they are purged, or snapshots',
  usage: '<name>[.<snapshot>]...',
  takes: [['<name>', 'of an instance; several may be given'], ['<snapshot>', 'one of its snapshots, which goes for good']],
  args: [0, Infinity],
  options: {
    all: { flags: '--all', summary: 'every instance' },
    purge: { flags: '-p, --purge', summary: 'for good, at once' },
  },
  examples: [
    ['holdfast delete apollo', 'can be recovered'],
    ['holdfast delete --purge apollo', 'cannot'],
    ['holdfast delete --purge apollo.snapshot1', 'the snapshot alone'],
  ],
  async run(context, { args, options }) {
    requireNamesOrAll(args, options.all, 'delete');
    const words = distinct(args);
    const snapshots = words.map(splitSnapshot).filter((place) => place !== undefined);
    if (snapshots.length > 0 && !options.purge) await requireConsent(context, snapshots.length);
    const client = await context.client();
    await requireEach(client, words, context.signal);
    const names = options.all
      ? (await instances(client, context.signal)).filter(({ state }) => options.purge || state !== 'Deleted').map(({ name }) => name)
      : words.filter((word) => splitSnapshot(word) === undefined);
    // Of an instance that goes for good the snapshot goes with it.
    const alone = options.purge ? snapshots.filter(({ instance }) => !names.includes(instance)) : snapshots;
    const gone = await Promise.allSettled(alone.map(({ instance: name, snapshot }) => client.call('deleteSnapshot', { params: { name, snapshot } }, { signal: context.signal })));
    const errors = gone.filter((end) => end.status === 'rejected').map(({ reason }) => reason as unknown);
    try {
      if (names.length > 0) await actOnAll(context, client, names, { action: 'delete', ...(options.purge ? { purge: true } : {}) });
    } catch (error) {
      errors.push(...error instanceof BatchError ? error.errors : [error]);
    } finally {
      // Of several some may have gone.
      if (options.purge) await forgetAliasesOf(await goneOf(client, names), context);
    }
    if (errors.length > 0) throw names.length + alone.length === 1 ? errors[0] : new BatchError(errors);
  },
});

/** @throws UsageError */
async function requireConsent(context: Context, count: number): Promise<void> {
  if (await confirmed(context, `A deleted snapshot cannot be recovered. Delete ${count === 1 ? 'it' : `all ${count}`}?`)) return;
  throw new UsageError('A deleted snapshot cannot be recovered: nothing was deleted', 'if it is to go for good: --purge');
}
