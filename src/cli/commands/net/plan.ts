/** `net plan`: what a file would do to an instance, or with --offline to what lies in a directory. */
import { VERDICT_EXIT } from '../../../core/netplan/plan.ts';
import { UsageError } from '../../failure.ts';
import { requireFormat } from '../../render/format.ts';
import { renderPlan } from '../../render/plan.ts';
import { planOffline } from './plan-offline.ts';
import { readWish } from './wish.ts';
import type { Verb } from './verb.ts';

/** An emulated guest takes seconds to look at itself. */
const LOOK_MS = 90_000;

export const planVerb: Verb = {
  name: 'plan', usage: '<name> <file>', args: [0, 2], options: ['offline', 'links', 'as', 'replace', 'format'],
  async run(context, args, options) {
    const { offline, links, as, replace, format: wanted } = options;
    if (offline !== undefined) {
      if (args.length > 1) throw new UsageError('Too many arguments given', 'write it as: holdfast net plan --offline <directory> --links <file> [<file>]');
      return await planOffline(context, { directory: offline, links, file: args[0], as, replace, format: wanted });
    }
    if (links !== undefined) throw new UsageError('--links belongs to "net plan --offline"');
    const format = requireFormat(wanted);
    const [name, file] = args;
    if (name === undefined || file === undefined) throw new UsageError(name === undefined ? 'Name the instance' : 'Name the netplan file, or - for stdin', 'write it as: holdfast net plan <name> <file>');
    const body = await readWish(context, file, options);
    const client = await context.client();
    const { plan, ways, from, at } = await client.call('planNetwork', { params: { name }, body }, { signal: context.signal, deadlineMs: LOOK_MS });
    if (from === 'report') context.stderr.write(`${name} does not run: this is by what was seen of it last, at ${at}\n`);
    context.stdout.write(renderPlan(plan, ways, format));
    return VERDICT_EXIT[plan.verdict];
  },
};
