import type { Client } from '../../client/client.ts';
import { asking } from '../ask.ts';
import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';

export const authenticate = defineCommand({
  name: 'authenticate',
  aliases: ['auth'],
  group: 'Settings and the daemon',
  summary: 'Be let in by a daemon on another machine, by its passphrase',
  usage: '[<passphrase>]',
  takes: [['<passphrase>', 'that was set where the daemon runs (local.passphrase); asked for when absent']],
  args: [0, 1],
  options: {},
  examples: [['holdfast authenticate', 'with HOLDFAST_ADDRESS=lab.example:50051, say: once for each machine and user']],
  notes: [
    'HOLDFAST_ADDRESS names the daemon: <host>:<port>. It listens there after, on its machine,\n"holdfast set local.passphrase" and "holdfast set local.address=<host>:<port>".',
    'From then on this client\'s certificate is trusted, also when the passphrase is changed.\nWho uses the daemon\'s own machine needs none of this.',
  ],
  async run(context, { args: [given] }) {
    if (given === '') throw new UsageError('No passphrase given', 'leave it out to be asked for it');
    const client = await context.client();
    const standing = await stand(context, client, given);
    if (standing !== 'unknown') return say(context, standing);
    say(context, await stand(context, client, await ask(context)));
  },
});

async function stand({ signal }: Context, client: Client, passphrase: string | undefined): Promise<string> {
  const body = passphrase === undefined ? {} : { passphrase };
  return (await client.call('authenticate', { body }, { signal })).standing;
}

const SAID: Readonly<Record<string, string>> = {
  local: 'You use the daemon of this machine: no passphrase is needed.\n',
  known: 'Already authenticated.\n',
  accepted: 'Authenticated.\n',
};

function say({ stdout }: Context, standing: string): void {
  stdout.write(SAID[standing] ?? '');
}

async function ask(context: Context): Promise<string> {
  using asked = asking(context);
  const passphrase = await asked.ask('Passphrase: ', true);
  if (!passphrase) throw new UsageError('No passphrase given', 'it is that of the daemon: its local.passphrase');
  return passphrase;
}
