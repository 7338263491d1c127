/** The networks that cards can be put on, as `networks` and `network list` print them. */
import type { Context } from './command.ts';
import type { Format } from './render/format.ts';
import { renderNetworks } from './render/networks.ts';
import { oneLine } from './render/plain.ts';

export async function printNetworks({ client: connect, stdout, stderr, signal }: Context, format: Format): Promise<void> {
  const client = await connect();
  const { networks, leftOut } = await client.call('listNetworks', {}, { signal });
  stdout.write(renderNetworks(networks, format));
  // For people: a program reads what there is.
  if (leftOut !== undefined && format === 'table') stderr.write(`${oneLine(`Bridges and cards of the host that cannot be used are left out: ${leftOut}`)}\n`);
}
