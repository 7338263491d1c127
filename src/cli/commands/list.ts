import { defineCommand } from '../command.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderList } from '../render/list.ts';
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
    noIpv4: { flags: '--no-ipv4', summary: 'leave the addresses out', hidden: true },
  },
  examples: [
    ['holdfast list', 'a table of the instances'],
    ['holdfast list --format json', 'the same for a program'],
  ],
  async run({ client: connect, stdout, signal }, { options }) {
    const format = requireFormat(options.format);
    const client = await connect();
    const [all, primary] = await Promise.all([instances(client, signal), primaryName(client, signal)]);
    stdout.write(renderList(all, format, primary, !options.noIpv4));
  },
});
