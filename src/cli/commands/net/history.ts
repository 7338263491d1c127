/** `net history` and `net diff`: what was changed, when, by whom, and what became of it. */
import { revisionNumber } from '../../numbers.ts';
import { requireFormat } from '../../render/format.ts';
import { renderDiff, renderHistory } from '../../render/network-history.ts';
import type { Verb } from './verb.ts';

export const historyVerbs: readonly Verb[] = [
  {
    name: 'history', usage: '<name>', args: [1, 1], options: ['format'],
    async run({ client: connect, stdout, signal }, [name = ''], options) {
      const format = requireFormat(options.format);
      const client = await connect();
      stdout.write(renderHistory(name, (await client.call('networkHistory', { params: { name } }, { signal })).revisions, format));
    },
  },
  {
    name: 'diff', usage: '<name> <revision> [<revision>]', args: [2, 3], options: ['format'],
    async run({ client: connect, stdout, signal }, [name = '', from = '', to], options) {
      const format = requireFormat(options.format);
      const params = { name, from: String(revisionNumber(from)) };
      const query = to === undefined ? {} : { to: String(revisionNumber(to)) };
      const client = await connect();
      stdout.write(renderDiff(name, await client.call('networkDiff', { params, query }, { signal }), format));
    },
  },
];
