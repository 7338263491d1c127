import { defineCommand } from '../command.ts';
import { BatchError } from '../failure.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderInfo } from '../render/info.ts';
import { distinct, instances, noSuchInstance, primaryName } from '../targets.ts';

export const info = defineCommand({
  name: 'info',
  group: 'Instances',
  summary: 'Show everything about instances',
  usage: '[<name>...]',
  takes: [['<name>', 'of an instance; all of them when absent']],
  args: [0, Infinity],
  options: {
    format: FORMAT_OPTION,
    noRuntime: { flags: '--no-runtime-information', summary: 'leave out what the guest says', hidden: true },
  },
  examples: [
    ['holdfast info', 'all instances'],
    ['holdfast info apollo --format yaml', 'one, for a program'],
  ],
  async run({ client: connect, stdout, signal }, { args, options }) {
    const format = requireFormat(options.format);
    const client = await connect();
    const [all, primary] = await Promise.all([instances(client, signal), primaryName(client, signal)]);
    const names = distinct(args);
    const missing = names.filter((name) => !all.some((instance) => instance.name === name)).map(noSuchInstance);
    if (missing.length > 0) throw names.length === 1 ? missing[0] : new BatchError(missing);
    const chosen = names.length === 0 ? all : names.flatMap((name) => all.filter((instance) => instance.name === name));
    stdout.write(renderInfo(options.noRuntime ? chosen.map((instance) => ({ ...instance, guest: null })) : chosen, format, primary));
  },
});
