import { defineCommand } from '../command.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderZones } from '../render/zones.ts';

export const zones = defineCommand({
  name: 'zones',
  group: 'Settings and the daemon',
  summary: 'Show the zones that instances are in',
  usage: '',
  args: [0, 0],
  options: { format: FORMAT_OPTION },
  examples: [['holdfast zones', 'which are available']],
  async run({ client: connect, stdout, signal }, { options }) {
    const format = requireFormat(options.format);
    const client = await connect();
    stdout.write(renderZones((await client.call('listZones', {}, { signal })).zones, format));
  },
});
