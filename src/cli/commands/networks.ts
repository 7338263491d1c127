import { defineCommand } from '../command.ts';
import { printNetworks } from '../network-list.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';

export const networks = defineCommand({
  name: 'networks',
  group: 'Settings and the daemon',
  summary: 'Networks that further cards of an instance can be put on',
  usage: '',
  args: [0, 0],
  options: { format: FORMAT_OPTION },
  examples: [['holdfast networks', 'names for launch --network and net attach']],
  notes: ['A wired card of the host is put into a bridge when the first instance is launched on it, once you agree.', 'Bridges and cards of the host can be used where the daemon runs as root, over the network only those that were chosen there for instances; others are left out.'],
  run: async (context, { options }) => await printNetworks(context, requireFormat(options.format)),
});
