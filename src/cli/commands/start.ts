import { actOnAll } from '../batch.ts';
import { defineCommand } from '../command.ts';
import { BatchError, UsageError } from '../failure.ts';
import { TIMEOUT_OPTION, timeoutSeconds } from '../numbers.ts';
import { launchPrimary, missingPrimary, PRIMARY_NOTE } from '../primary.ts';
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
    const names = options.all ? allFor('start', await instances(client, context.signal)) : distinct(args.length > 0 ? args : [await requirePrimary(client, context.signal)]);
    const missing = options.all ? undefined : await missingPrimary(client, names, context.signal);
    const failed: unknown[] = [];
    if (missing !== undefined) await launchPrimary(context, client, { name: missing, ...timeout }).catch((error: unknown) => failed.push(error));
    const others = context.signal.aborted ? [] : names.filter((name) => name !== missing);
    await actOnAll(context, client, others, { action: 'start', ...timeout }, seconds).catch((error: unknown) => failed.push(...(error instanceof BatchError ? error.errors : [error])));
    if (failed.length > 0) throw names.length === 1 ? failed[0] : new BatchError(failed);
  },
});
