import { loadSockets } from '../../client/socket.ts';
import { defineCommand } from '../command.ts';
import { carry, sendAll } from '../terminal/carry.ts';

export const proxy = defineCommand({
  name: 'proxy',
  group: 'Inside an instance',
  onlyHere: true,
  entersGuest: true,
  summary: 'Carry an ssh client\'s connection into an instance (ssh starts this by itself)',
  usage: '<name>',
  takes: [['<name>', 'of an instance']],
  args: [1, 1],
  options: {},
  examples: [['holdfast proxy apollo', 'as an ssh client\'s ProxyCommand: holdfast ssh-config writes it, with the keys that it needs']],
  notes: [
    'Standard input and output are the connection. At its other end an sshd starts that is this connection\'s alone, and that the instance\'s network has no part in.',
    'An instance that is stopped is started first.',
  ],
  async run(context, { args: [name = ''] }) {
    void loadSockets();
    // An sshd that has ended takes nothing more, and the client hears of it only by this process's end: Node closes no stdout.
    const { session, started } = await carry(context, await context.client(), 'proxy', name, () => session.close());
    // From here on its end is ssh's affair: Ctrl-C in a terminal that a shared connection was opened from must not end it.
    void started.then(() => sendAll(context.stdin, session));
    await session.over;
  },
});
