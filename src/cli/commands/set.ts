import { asking } from '../ask.ts';
import { defineCommand, type Context } from '../command.ts';
import { withConsent, YES_BRIDGE } from '../consent.ts';
import { UsageError } from '../failure.ts';

const HIDDEN: ReadonlySet<string> = new Set(['local.passphrase']);

export const set = defineCommand({
  name: 'set',
  group: 'Settings and the daemon',
  summary: 'Change a setting',
  usage: '<key>[=<value>]',
  takes: [['<key>', 'of a setting'], ['<value>', 'what it is to be; asked for when absent']],
  args: [1, 1],
  options: { yesBridge: YES_BRIDGE },
  examples: [
    ['holdfast set client.primary-name=apollo', 'which instance is meant where no name is given'],
    ['holdfast set local.apollo.memory=2G', 'of an instance that is stopped'],
    ['holdfast set local.apollo.bridged=true', 'a card on what local.bridged-network names'],
  ],
  notes: ['Without a value it asks for one.'],
  async run(context, { args: [assignment = ''], options }) {
    const at = assignment.indexOf('=');
    const key = at < 0 ? assignment : assignment.slice(0, at);
    if (key === '') throw new UsageError('A settings key is required', 'write it as: holdfast set <key>=<value>');
    const value = at < 0 ? await ask(context, key) : assignment.slice(at + 1);
    const client = await context.client();
    await withConsent(context, options.yesBridge, (agreement) => client.call('putSetting', { params: { key }, body: { value, ...agreement } }, { signal: context.signal }));
  },
});

/** A passphrase is not shown, and asked for twice: what was mistyped unseen would open nothing. */
async function ask(context: Context, key: string): Promise<string> {
  const hidden = HIDDEN.has(key);
  using asked = asking(context);
  const value = await asked.ask(`Enter value for '${key}': `, hidden);
  if (value === undefined) throw new UsageError('No value was given', `write it as: holdfast set ${key}=<value>`);
  if (hidden && context.isTTY.stdin && await asked.ask('Enter it again: ', hidden) !== value) throw new UsageError('The two are not the same', 'nothing was changed; try again');
  return value;
}
