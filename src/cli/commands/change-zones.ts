import { ZONES, zoneNamed } from '../../core/zones.ts';
import { confirmed } from '../ask.ts';
import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';
import { runOperation } from '../operations.ts';
import { distinct } from '../targets.ts';

const takes = [['<zone>', 'its name, or its number: 2 is zone2']] as const;

export const enableZones = defineCommand({
  name: 'enable-zones',
  group: 'Settings and the daemon',
  summary: 'Make zones available, and start again what ran in them',
  usage: '<zone>...',
  takes,
  args: [0, Infinity],
  options: { all: { flags: '--all', summary: 'every zone' } },
  examples: [['holdfast enable-zones zone2', 'what ran there comes back']],
  async run(context, { args, options }) {
    await change(context, requireZones(args, options.all, 'enable-zones'), true);
  },
});

export const disableZones = defineCommand({
  name: 'disable-zones',
  group: 'Settings and the daemon',
  summary: 'Make zones unavailable, as if their power had gone',
  usage: '<zone>...',
  takes,
  args: [0, Infinity],
  options: {
    all: { flags: '--all', summary: 'every zone' },
    force: { flags: '--force', summary: 'do not ask first' },
  },
  examples: [
    ['holdfast disable-zones zone2', 'what runs there is off at once, and Unavailable'],
    ['holdfast disable-zones --all --force', 'everything, without a question'],
  ],
  notes: ['What the guests there have not written to their disks is lost.'],
  async run(context, { args, options }) {
    const zones = requireZones(args, options.all, 'disable-zones');
    const question = `What runs in ${zones.join(', ')} will be powered off at once. Go on?`;
    if (!options.force && !await confirmed(context, question)) throw new UsageError('Nothing was changed', 'to do it without a question: --force');
    await change(context, zones, false);
  },
});

/** @throws UsageError */
function requireZones(args: readonly string[], all: boolean, command: string): readonly string[] {
  if (all && args.length > 0) throw new UsageError('Cannot specify name(s) when --all option set');
  if (!all && args.length === 0) throw new UsageError('Name argument or --all is required', `see: holdfast help ${command}`);
  if (all) return ZONES;
  // One that there is not is the daemon's to refuse.
  return distinct(args.map((text) => zoneNamed(text) ?? text));
}

async function change(context: Context, zones: readonly string[], available: boolean): Promise<void> {
  const client = await context.client();
  await runOperation(context, client, () => client.call('changeZones', { body: { zones: [...zones], available } }));
  for (const zone of zones) context.stdout.write(`Zone ${available ? 'enabled' : 'disabled'}: ${zone}\n`);
}
