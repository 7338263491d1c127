import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';
import { renderClients } from '../render/clients.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { oneLine } from '../render/plain.ts';

export const clients = defineCommand({
  name: 'clients',
  group: 'Settings and the daemon',
  onlyHere: true,
  summary: 'Who is let in from other machines; and let one in no more',
  usage: '[list] | forget <client>',
  takes: [['list', 'show them'], ['forget', 'let it in no more, and end what it has open, shells too'], ['<client>', 'its name, or its fingerprint where several have that name']],
  args: [0, 2],
  options: { format: FORMAT_OPTION },
  examples: [
    ['holdfast clients', 'who is let in, and has how many connections open'],
    ['holdfast clients forget ann@laptop', 'from now on'],
  ],
  notes: [
    'A client is let in by "holdfast authenticate"; its name is what it says of itself.',
    'Who knows the passphrase is let in again. Change it before: holdfast set local.passphrase',
    'It is asked of the daemon of this machine only, by whoever runs it.',
  ],
  async run(context, { args: [verb = 'list', client], options }) {
    if (verb === 'list') {
      if (client !== undefined) throw new UsageError('"clients list" takes no arguments');
      return await list(context, options.format);
    }
    if (verb !== 'forget') throw new UsageError(`Unknown action '${verb}'`, 'there are: clients list, clients forget');
    if (options.format !== undefined) throw new UsageError('--format belongs to "clients list"');
    if (client === undefined || client === '') throw new UsageError('Name the client to forget', 'which there are: holdfast clients');
    return await forget(context, client);
  },
});

async function list({ client: connect, stdout, signal }: Context, formatText: string | undefined): Promise<void> {
  const format = requireFormat(formatText);
  const client = await connect();
  stdout.write(renderClients((await client.call('listClients', {}, { signal })).clients, format));
}

async function forget({ client: connect, stdout, stderr, signal }: Context, which: string): Promise<void> {
  const client = await connect();
  const { name, fingerprint, connections } = await client.call('forgetClient', { params: { client: which } }, { signal });
  stdout.write(`${oneLine(`Forgotten: ${name || '--'} (${fingerprint}); connections ended: ${connections}`)}\n`);
  const { value: hasPassphrase } = await client.call('getSetting', { params: { key: 'local.passphrase' } }, { signal });
  if (hasPassphrase === 'true') stderr.write('Who knows the passphrase is let in again; to change it: holdfast set local.passphrase\n');
}
