import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { plain } from '../render/plain.ts';

export const get = defineCommand({
  name: 'get',
  group: 'Settings and the daemon',
  summary: 'Show a setting',
  usage: '[<key>]',
  takes: [['<key>', 'of a setting']],
  args: [0, 1],
  options: {
    raw: { flags: '--raw', summary: 'the bare value: nothing where it is empty' },
    keys: { flags: '--keys', summary: 'the keys there are, one to a line; with <key>, whether it is one' },
  },
  examples: [
    ['holdfast get --keys', 'what can be asked'],
    ['holdfast get local.driver', 'one value'],
  ],
  async run({ client: connect, stdout, signal }, { args: [key], options }) {
    if (!options.keys && key === undefined) throw new UsageError('A settings key is required', 'which there are: holdfast get --keys');
    const client = await connect();
    if (key === undefined) {
      const { settings } = await client.call('listSettings', {}, { signal });
      stdout.write(settings.map((setting) => `${setting.key}\n`).toSorted().join(''));
      return;
    }
    // One that there is not is refused.
    const { value } = await client.call('getSetting', { params: { key } }, { signal });
    if (options.keys) {
      stdout.write(`${key}\n`);
      return;
    }
    stdout.write(`${options.raw ? value : plain(value) || '<empty>'}\n`);
  },
});
