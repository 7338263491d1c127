import { defineCommand } from '../command.ts';
import { callersDirectory } from '../mounting.ts';
import { TIMEOUT_OPTION, timeoutSeconds } from '../numbers.ts';
import { launchPrimary, missingPrimary, PRIMARY_NOTE } from '../primary.ts';
import { requirePrimary } from '../targets.ts';
import { prepareExec, runExec } from '../terminal/run-exec.ts';

export const shell = defineCommand({
  name: 'shell',
  aliases: ['sh', 'connect'],
  group: 'Inside an instance',
  entersGuest: true,
  summary: 'Open a shell in an instance',
  usage: '[<name>]',
  takes: [['<name>', 'of an instance; the primary one when absent']],
  args: [0, 1],
  options: {
    noMap: { flags: '-n, --no-map-working-directory', summary: 'begin in the home there, not in the mounted counterpart of this directory' },
    timeout: TIMEOUT_OPTION,
  },
  examples: [
    ['holdfast shell apollo', 'started first if it is stopped'],
    ['holdfast shell', 'in the primary instance, launched if there is none'],
  ],
  notes: [PRIMARY_NOTE],
  async run(context, { args, options }) {
    prepareExec(context);
    const seconds = timeoutSeconds(options.timeout);
    const client = await context.client();
    const name = args[0] ?? await requirePrimary(client, context.signal);
    if (await missingPrimary(client, [name], context.signal) !== undefined) {
      await launchPrimary(context, client, { name, ...(seconds === undefined ? {} : { timeoutSeconds: seconds }) });
    }
    return runExec(context, client, { name, command: [], from: options.noMap ? undefined : callersDirectory(), timeoutSeconds: seconds });
  },
});
