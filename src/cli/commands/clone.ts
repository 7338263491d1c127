import { defineCommand } from '../command.ts';
import { runOperation } from '../operations.ts';

export const clone = defineCommand({
  name: 'clone',
  group: 'Instances',
  summary: 'Make another instance of a stopped one',
  usage: '<name>',
  takes: [['<name>', 'of the instance that is cloned']],
  args: [1, 1],
  options: { name: { flags: '-n, --name <name>', summary: 'of the clone; <name>-clone1 and so on when absent' } },
  examples: [
    ['holdfast clone apollo', 'apollo-clone1'],
    ['holdfast clone apollo --name artemis', 'with a name'],
  ],
  notes: [
    'It is stopped, with the same disk, size, networks, mounts and cloud-init data; name, addresses, machine-id and SSH host keys are its own from its first start on. Snapshots stay with the original.',
    'Nothing is copied: what both have in common is there once.',
  ],
  async run(context, { args: [source = ''], options: { name } }) {
    const client = await context.client();
    const { result } = await runOperation(context, client, () => client.call('clone', { params: { name: source }, body: name === undefined ? {} : { name } }));
    context.stdout.write(`Cloned from ${source} to ${result['name'] ?? ''}.\n`);
  },
});
