import { fail } from '../../core/errors.ts';
import { splitSnapshot } from '../../core/snapshots.ts';
import { asking } from '../ask.ts';
import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';
import { runOperation } from '../operations.ts';
import { plain } from '../render/plain.ts';

export const restore = defineCommand({
  name: 'restore',
  group: 'Instances',
  summary: 'Take a stopped instance back to a snapshot',
  usage: '<name>.<snapshot>',
  takes: [['<name>', 'of the instance'], ['<snapshot>', 'its snapshot']],
  args: [1, 1],
  options: { destructive: { flags: '-d, --destructive', summary: 'do not ask, and do not keep what is there now' } },
  examples: [
    ['holdfast restore apollo.snapshot1', 'asks whether to take a snapshot of what is there now'],
    ['holdfast restore --destructive apollo.snapshot1', 'gives it up'],
  ],
  async run(context, { args: [word = ''], options }) {
    const place = splitSnapshot(word);
    if (!place || place.instance === '' || place.snapshot === '') throw new UsageError('Wrong argument given: it must be <name>.<snapshot>', 'see which there are: holdfast list --snapshots');
    const { instance: name, snapshot } = place;
    const destructive = options.destructive || !(await isToBeKept(context, name));
    const client = await context.client();
    const { result } = await runOperation(context, client, () => client.call('restoreSnapshot', { params: { name, snapshot }, body: { destructive } }));
    if (result['before']) context.stdout.write(`Snapshot taken: ${name}.${result['before']}\n`);
    context.stdout.write(`Snapshot restored: ${name}.${snapshot}\n`);
  },
});

/** Multipass's question: yes where nothing is typed. @throws cancelled  where nobody can be asked */
async function isToBeKept(context: Context, name: string): Promise<boolean> {
  const refusal = fail('cancelled', 'cancelled: nobody said what is to become of what is there now', { hint: 'give it up with --destructive, or take a snapshot of it first: holdfast snapshot' });
  if (!context.isTTY.stdin) throw refusal;
  using asked = asking(context);
  for (;;) {
    const answer = (await asked.ask(`Do you want to take a snapshot of ${plain(name)} before discarding its current state? (Yes/no): `))?.trim();
    if (answer === undefined) throw refusal;
    if (/^(?:y|yes|)$/i.test(answer)) return true;
    if (/^no?$/i.test(answer)) return false;
    context.stderr.write('Please answer Yes/no.\n');
  }
}
