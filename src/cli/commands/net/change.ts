/** The actions of `net` that change something in the guest, each a transaction; and the two that end one which waits. */
import type { WireNetworkChange } from '../../../api/network-schemas.ts';
import { parseProbe } from '../../../core/network/probe.ts';
import type { Context } from '../../command.ts';
import { withConsent } from '../../consent.ts';
import { UsageError } from '../../failure.ts';
import { runOperation } from '../../operations.ts';
import { durationSeconds, revisionNumber } from '../../numbers.ts';
import { readWish } from './wish.ts';
import { TERMS, type NetValues, type Verb } from './verb.ts';

type Change = Omit<WireNetworkChange, 'confirmWithinSeconds' | 'probes' | 'hold' | 'allowLockout' | 'makeBridge'>;

export const changeVerbs: readonly Verb[] = [
  {
    name: 'apply', usage: '<name> <file>', args: [2, 2], options: ['as', 'replace', ...TERMS],
    run: async (context, [name = '', file = ''], options) => await change(context, name, { change: 'apply', ...await readWish(context, file, options) }, options),
  },
  {
    name: 'static', usage: '<name> <address/prefix>', args: [2, 2], options: ['nic', 'network', 'yesBridge', 'gateway', 'dns', ...TERMS],
    async run(context, [name = '', address = ''], options) {
      const { nic, network, gateway, dns } = options;
      await change(context, name, {
        change: 'static', address, ...(nic === undefined ? {} : { nic }), ...(network === undefined ? {} : { network }),
        ...(gateway === undefined ? {} : { gateway }), ...(dns.length === 0 ? {} : { dns: [...dns] }),
      }, options);
    },
  },
  { name: 'pin', usage: '<name>', args: [1, 1], options: TERMS, run: async (context, [name = ''], options) => await change(context, name, { change: 'pin' }, options) },
  { name: 'unpin', usage: '<name>', args: [1, 1], options: TERMS, run: async (context, [name = ''], options) => await change(context, name, { change: 'unpin' }, options) },
  {
    name: 'restore', usage: '<name> <revision>', args: [2, 2], options: TERMS,
    run: async (context, [name = '', revision = ''], options) => await change(context, name, { change: 'restore', revision: revisionNumber(revision) }, options),
  },
  { name: 'repair', usage: '<name>', args: [1, 1], options: ['confirmWithin'], run: async (context, [name = ''], options) => await change(context, name, { change: 'repair' }, options) },
  { name: 'commit', usage: '<name>', args: [1, 1], options: [], run: async (context, [name = '']) => await decide(context, name, true) },
  { name: 'rollback', usage: '<name>', args: [1, 1], options: [], run: async (context, [name = '']) => await decide(context, name, false) },
];

async function change(context: Context, name: string, what: Change, { confirmWithin, probe, hold, yesLockout, yesBridge }: NetValues): Promise<void> {
  for (const each of probe) parseProbe(each);
  const body: WireNetworkChange = {
    ...what, ...(confirmWithin === undefined ? {} : { confirmWithinSeconds: seconds(confirmWithin) }), ...(probe.length === 0 ? {} : { probes: [...probe] }),
    ...(hold ? { hold } : {}), ...(yesLockout ? { allowLockout: true } : {}),
  };
  const client = await context.client();
  const { result } = await runOperation(context, client, () => withConsent(context, yesBridge, (agreement) => client.call('changeNetwork', { params: { name }, body: { ...body, ...agreement } })));
  const { revision, until } = result;
  if (revision === undefined) return;
  if (until === undefined) context.stdout.write(`Applied: revision ${revision} of ${name}\n`);
  else context.stdout.write(`Applied: revision ${revision} of ${name}; it is undone at ${until} unless it is confirmed: holdfast net commit ${name}\n`);
}

async function decide(context: Context, name: string, commit: boolean): Promise<void> {
  const client = await context.client();
  const { result } = await runOperation(context, client, () => client.call('decideNetwork', { params: { name }, body: { commit } }));
  context.stdout.write(`${commit ? 'Kept' : 'Undone'}: revision ${result['revision'] ?? ''} of ${name}\n`);
}

const [LEAST_S, MOST_S] = [5, 3600];

/** @throws UsageError */
function seconds(text: string): number {
  const given = durationSeconds('--confirm-within', text);
  if (given >= LEAST_S && given <= MOST_S) return given;
  throw new UsageError(`--confirm-within ${text} will not do: it is ${LEAST_S} seconds to an hour`, 'for example: --confirm-within 90s');
}
