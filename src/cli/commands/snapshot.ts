import { defineCommand } from '../command.ts';
import { runOperation } from '../operations.ts';

export const snapshot = defineCommand({
  name: 'snapshot',
  group: 'Instances',
  summary: 'Take a snapshot of an instance',
  usage: '<name>',
  takes: [['<name>', 'of the instance']],
  args: [1, 1],
  options: {
    name: { flags: '-n, --name <name>', summary: 'of the snapshot; snapshot1, snapshot2 and so on when absent' },
    comment: { flags: '-c, --comment <text>', summary: 'to remember it by' },
    live: { flags: '--live', summary: 'of an instance that runs, with its memory; it stands still for a moment' },
    message: { flags: '-m <text>', summary: 'the same as --comment' },
  },
  examples: [
    ['holdfast snapshot apollo', 'apollo.snapshot1'],
    ['holdfast snapshot --live apollo', 'while it runs: a restore of it goes on from there'],
    ['holdfast snapshot apollo --name before-upgrade --comment well', 'with a name'],
  ],
  notes: [
    'Without --live the instance must be stopped. It holds the disk, the number of processors, the size of the memory, the network cards, the mounts. Nothing is copied: it takes no time, and space for what changes afterwards.',
    'What there is: holdfast list --snapshots. Another name or comment: holdfast set local.<name>.<snapshot>.name=<other>.',
  ],
  async run(context, { args: [name = ''], options: { name: wanted, live, message, comment = message } }) {
    const client = await context.client();
    const { result } = await runOperation(context, client, () => client.call('takeSnapshot', {
      params: { name }, body: { ...(wanted === undefined ? {} : { name: wanted }), ...(comment === undefined ? {} : { comment }), ...(live ? { live } : {}) },
    }));
    context.stdout.write(`Snapshot taken: ${name}.${result['snapshot'] ?? ''}\n`);
  },
});
