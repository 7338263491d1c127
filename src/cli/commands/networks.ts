import { defineCommand } from '../command.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderNetworks } from '../render/networks.ts';

export const networks = defineCommand({
  name: 'networks',
  group: 'Settings and the daemon',
  summary: 'Networks that further cards of an instance can be put on',
  usage: '',
  args: [0, 0],
  options: { format: FORMAT_OPTION },
  examples: [['holdfast networks', 'names for launch --network and net attach']],
  notes: ['A wired card of the host can be used once it is in a bridge.'],
  async run({ client: connect, stdout, signal }, { options }) {
    const format = requireFormat(options.format);
    const client = await connect();
    stdout.write(renderNetworks((await client.call('listNetworks', {}, { signal })).networks, format));
  },
});
