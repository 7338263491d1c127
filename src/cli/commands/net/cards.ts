/** `net list`, `net attach`, `net detach`: the cards of an instance. */
import { requireMac, requireMode } from '../../../core/network/network-option.ts';
import type { Context } from '../../command.ts';
import { withConsent } from '../../consent.ts';
import { UsageError } from '../../failure.ts';
import { runOperation } from '../../operations.ts';
import { table } from '../../render/table.ts';
import type { NetValues, Verb } from './verb.ts';

export const cardVerbs: readonly Verb[] = [
  { name: 'list', usage: '<name>', args: [1, 1], options: [], run: async (context, [name = '']) => await show(context, name) },
  { name: 'attach', usage: '<name>', args: [1, 1], options: ['network', 'mac', 'mode', 'yesBridge'], run: async (context, [name = ''], options) => await attach(context, name, options) },
  { name: 'detach', usage: '<name> <card>', args: [1, 2], options: [], run: async (context, [name = '', card]) => await detach(context, name, card) },
];

async function attach(context: Context, name: string, { network, mac, mode, yesBridge }: NetValues): Promise<void> {
  const body = {
    ...(network === undefined ? {} : { network }), ...(mac === undefined ? {} : { mac: requireMac(mac) }), ...(mode === undefined ? {} : { mode: requireMode(mode) }),
  };
  const client = await context.client();
  const { result } = await runOperation(context, client, () => withConsent(context, yesBridge, (agreement) => client.call('attachCard', { params: { name }, body: { ...body, ...agreement } })));
  context.stdout.write(`Attached: card ${result['index'] ?? ''} of ${name}, ${result['mac'] ?? ''}\n`);
}

async function detach(context: Context, name: string, card: string | undefined): Promise<void> {
  if (card === undefined) throw new UsageError('Name the card to take out, by its MAC address or index', `see which there are: holdfast net list ${name}`);
  const client = await context.client();
  await runOperation(context, client, () => client.call('detachCard', { params: { name, card } }));
}

async function show(context: Context, name: string): Promise<void> {
  const client = await context.client();
  const { mac, ipv4, cards = [] } = await client.call('getInstance', { params: { name } }, { signal: context.signal });
  const rows = [['0', mac, 'default', 'auto', ipv4[0] ?? '--'], ...cards.map((card) => [String(card.index), card.mac, card.network, card.mode, card.ipv4 ?? '--'])];
  context.stdout.write(table([{ title: 'Index' }, { title: 'MAC' }, { title: 'Network' }, { title: 'Mode' }, { title: 'IPv4' }], rows));
}
