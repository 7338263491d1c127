import { createInterface } from 'node:readline/promises';
import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';

export const set = defineCommand({
  name: 'set',
  group: 'Settings and the daemon',
  summary: 'Change a setting',
  usage: '<key>[=<value>]',
  args: [1, 1],
  options: {},
  examples: [
    ['holdfast set client.primary-name=apollo', 'which instance is meant where no name is given'],
    ['holdfast set local.apollo.memory=2G', 'of an instance that is stopped'],
  ],
  notes: ['Without a value it asks for one.'],
  async run(context, { args: [assignment = ''] }) {
    const at = assignment.indexOf('=');
    const key = at < 0 ? assignment : assignment.slice(0, at);
    if (key === '') throw new UsageError('A settings key is required', 'write it as: holdfast set <key>=<value>');
    const value = at < 0 ? await ask(context, key) : assignment.slice(at + 1);
    const client = await context.client();
    await client.call('putSetting', { params: { key }, body: { value } }, { signal: context.signal });
  },
});

async function ask({ stdin, stderr, isTTY, signal }: Context, key: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: isTTY.stdin && isTTY.stderr });
  const ended = new AbortController();
  lines.once('close', () => ended.abort());
  // In raw mode the terminal sends no SIGINT; readline sees the key.
  lines.once('SIGINT', () => lines.close());
  try {
    return await lines.question(isTTY.stdin ? `Enter value for '${key}': ` : '', { signal: AbortSignal.any([signal, ended.signal]) });
  } catch {
    throw new UsageError('No value was given', `write it as: holdfast set ${key}=<value>`);
  } finally {
    lines.close();
  }
}
