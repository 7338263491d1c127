import { once } from 'node:events';
import { defineCommand } from '../command.ts';

export const logs = defineCommand({
  name: 'logs',
  group: 'Settings and the daemon',
  onlyHere: true,
  summary: 'Show the end of the daemon\'s log, or of an instance\'s log and console',
  usage: '[<name>]',
  takes: [['<name>', 'of an instance; the daemon\'s own log when absent']],
  args: [0, 1],
  options: {},
  examples: [
    ['holdfast logs', 'what the daemon says'],
    ['holdfast logs apollo', 'what happened to one instance'],
  ],
  async run({ client: connect, stdout, signal }, { args: [name] }) {
    const client = await connect();
    for await (const chunk of await client.logs(name, signal)) {
      if (!stdout.write(chunk)) await once(stdout, 'drain');
    }
  },
});
