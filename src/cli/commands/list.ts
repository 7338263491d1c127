import { defineCommand } from '../command.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderList } from '../render/list.ts';
import { renderSnapshots } from '../render/snapshots.ts';
import { snapshotsInOrder } from '../render/order.ts';
import { instances, primaryName } from '../targets.ts';

export const list = defineCommand({
  name: 'list',
  aliases: ['ls'],
  group: 'Instances',
  summary: 'Show all instances',
  usage: '',
  args: [0, 0],
  options: {
    format: FORMAT_OPTION,
    snapshots: { flags: '--snapshots', summary: 'the snapshots of all instances instead' },
    noIpv4: { flags: '--no-ipv4', summary: 'leave the addresses out', hidden: true },
  },
  examples: [
    ['holdfast list', 'a table of the instances'],
    ['holdfast list --format json', 'the same for a program'],
    ['holdfast list --snapshots', 'what can be restored'],
  ],
  async run({ client: connect, stdout, signal }, { options }) {
    const format = requireFormat(options.format);
    const client = await connect();
    if (options.snapshots) {
      const [{ snapshots }, primary] = await Promise.all([client.call('listSnapshots', {}, { signal }), primaryName(client, signal)]);
      stdout.write(renderSnapshots(format === 'json' ? snapshots : snapshotsInOrder(snapshots, primary), format));
      return;
    }
    const [all, primary] = await Promise.all([instances(client, signal), primaryName(client, signal)]);
    stdout.write(renderList(all, format, primary, !options.noIpv4));
  },
});
