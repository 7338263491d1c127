import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { printNetworks } from '../network-list.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';

const NAME = /^[a-z][a-z0-9-]{0,14}$/;

export const network = defineCommand({
  name: 'network',
  group: 'Settings and the daemon',
  onlyHere: true,
  summary: 'Show the networks of this machine; make and remove closed ones of Holdfast\'s own',
  usage: 'list | create <network> | delete <network>',
  takes: [['<network>', 'its name: a-z, 0-9 and -, at most 15 characters']],
  args: [1, 2],
  options: {
    subnet: { flags: '--subnet <subnet>', summary: 'create: the host is on it too, with the first address' },
    format: FORMAT_OPTION,
  },
  examples: [
    ['holdfast network create lan --subnet 192.168.68.0/24', 'the host is 192.168.68.1 there'],
    ['holdfast network delete lan', 'when nobody has a card on it any more'],
    ['holdfast network delete br-eth0', 'that Holdfast made of eth0, which gets back what it had'],
  ],
  notes: ['Such a network is closed: instances on it reach each other, and the host where it is on it; nobody routes out of it, and nobody gives addresses there.', 'A card on it: holdfast launch --network name=lan,ip=192.168.68.20/24', 'Without root it has no host in it: only instances reach each other.'],
  async run(context, { args: [verb = '', name, ...more], options }) {
    if (options.subnet !== undefined && verb !== 'create') throw new UsageError('--subnet belongs to "network create"');
    if (options.format !== undefined && verb !== 'list') throw new UsageError('--format belongs to "network list"');
    if (verb === 'list') {
      if (name !== undefined) throw new UsageError('"network list" takes no arguments');
      return await printNetworks(context, requireFormat(options.format));
    }
    const { client: connect, stdout, signal } = context;
    if (verb !== 'create' && verb !== 'delete') throw new UsageError(`Unknown action '${verb}'`, 'there are: network list, network create, network delete');
    if (name === undefined) throw new UsageError('Name the network');
    if (more.length > 0) throw new UsageError('Too many arguments given', 'see: holdfast help network');
    if (verb === 'create') {
      if (!NAME.test(name)) throw new UsageError(`'${name}' is no name for a network`, 'a-z, 0-9 and -, at most 15 characters, a letter first');
      const client = await connect();
      const { description } = await client.call('createNetwork', { body: { name, ...(options.subnet === undefined ? {} : { subnet: options.subnet }) } }, { signal });
      stdout.write(`Created: ${name} (${description})\n`);
      return;
    }
    const client = await connect();
    await client.call('deleteNetwork', { params: { name } }, { signal });
    stdout.write(`Deleted: ${name}\n`);
  },
});
