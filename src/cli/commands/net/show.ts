/** `net show`: every interface of an instance. */
import { requireFormat } from '../../render/format.ts';
import { renderNetwork } from '../../render/instance-network.ts';
import type { Verb } from './verb.ts';

/** An emulated guest takes seconds to look at itself. */
const LOOK_MS = 90_000;

export const showVerb: Verb = {
  name: 'show', usage: '<name>', args: [1, 1], options: ['format'],
  async run({ client: connect, stdout, signal }, [name = ''], options) {
    const format = requireFormat(options.format);
    const client = await connect();
    stdout.write(renderNetwork(name, await client.call('getNetwork', { params: { name } }, { signal, deadlineMs: LOOK_MS }), format));
  },
};
