import { splitSnapshot } from '../../core/snapshots.ts';
import { defineCommand } from '../command.ts';
import { BatchError, UsageError } from '../failure.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderInfo, renderInfoOfSnapshots } from '../render/info.ts';
import { distinct, instances, missingOf, primaryName } from '../targets.ts';

export const info = defineCommand({
  name: 'info',
  group: 'Instances',
  summary: 'Show everything about instances, or snapshots',
  usage: '[<name>[.<snapshot>]...]',
  takes: [['<name>', 'of an instance; all of them when absent'], ['<snapshot>', 'one of its snapshots']],
  args: [0, Infinity],
  options: {
    format: FORMAT_OPTION,
    snapshots: { flags: '--snapshots', summary: 'the snapshots of these instances instead' },
    noRuntime: { flags: '--no-runtime-information', summary: 'leave out what the guest says', hidden: true },
  },
  examples: [
    ['holdfast info', 'all instances'],
    ['holdfast info apollo --format yaml', 'one, for a program'],
    ['holdfast info apollo.snapshot1', 'a snapshot'],
  ],
  async run({ client: connect, stdout, signal }, { args, options }) {
    const format = requireFormat(options.format);
    const client = await connect();
    const words = distinct(args);
    const wantsSnapshots = options.snapshots || words.some((word) => splitSnapshot(word) !== undefined);
    const [all, primary, { snapshots }] = await Promise.all([
      instances(client, signal), primaryName(client, signal), wantsSnapshots ? client.call('listSnapshots', {}, { signal }) : { snapshots: [] },
    ]);
    const named = words.map((word) => splitSnapshot(word) ?? { instance: word, snapshot: undefined });
    const missing = missingOf(named, all, snapshots);
    if (missing.length > 0) throw words.length === 1 ? missing[0] : new BatchError(missing);
    const wanted = named.length > 0 ? named : all.map(({ name }) => ({ instance: name, snapshot: undefined }));
    const chosen = options.snapshots ? [] : wanted.filter(({ snapshot }) => snapshot === undefined).flatMap(({ instance }) => all.filter(({ name }) => name === instance));
    // One that is named beside its instance is shown once.
    const shown = [...new Set(wanted.flatMap(({ instance, snapshot }) => snapshots.filter((each) => each.instance === instance && (snapshot === undefined ? options.snapshots : each.name === snapshot))))];
    if (format === 'csv' && chosen.length > 0 && shown.length > 0) throw new UsageError('In CSV there is one kind of line: instances or snapshots, not both');
    const runtime = options.noRuntime ? chosen.map((instance) => ({ ...instance, guest: null })) : chosen;
    stdout.write(shown.length > 0 || options.snapshots ? renderInfoOfSnapshots(runtime, shown, format, primary) : renderInfo(runtime, format, primary));
  },
});
