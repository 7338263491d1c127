import { once } from 'node:events';
import { loadSockets } from '../../client/socket.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { plain } from '../render/plain.ts';
import { attachTerminal, DETACH_NAME } from '../terminal/console-keys.ts';
import { aborted, carry, sendAll } from '../terminal/carry.ts';

export const console = defineCommand({
  name: 'console',
  group: 'Inside an instance',
  onlyHere: true,
  entersGuest: true,
  summary: 'Attach to an instance\'s serial console',
  usage: '<name>',
  takes: [['<name>', 'of an instance']],
  args: [1, 1],
  options: {
    log: { flags: '--log', summary: 'print what is kept of it, and end' },
    watch: { flags: '-w, --watch', summary: 'look only: type nothing, until the instance or Ctrl-C ends it' },
  },
  examples: [
    ['holdfast console apollo', `${DETACH_NAME} detaches`],
    ['holdfast console --watch apollo', 'what it says, without typing anything'],
    ['holdfast console --log apollo', 'what it said'],
  ],
  notes: [
    'Any number may attach at once: all see the same, and each may type. The log goes on meanwhile.',
    'Without a terminal, standard input is typed at the console, and its end detaches.',
    'Nothing is started, and whoever looks gets the guest\'s own output, control sequences included; what was said before, and --log, come without them.',
  ],
  async run(context, { args: [name = ''], options: { log, watch } }) {
    void loadSockets();
    if (log && watch) throw new UsageError('Options --log and --watch clash');
    const { stdin, stdout, stderr, isTTY, signal } = context;
    const client = await context.client();
    if (log) {
      for await (const chunk of await client.logs(name, signal, 'console')) {
        if (!stdout.write(chunk)) await once(stdout, 'drain');
      }
      return;
    }
    using ending = new DisposableStack();
    let itself = true;
    const { session, started } = await carry(context, client, 'console', name, () => session.close());
    ending.defer(() => session.close());
    const leave = () => {
      itself = false;
      session.close();
    };
    void aborted(signal).then(leave);
    void started.then(() => {
      const say = (text: string) => { if (isTTY.stderr) stderr.write(`${text}\n`); };
      if (watch) return say(`Looking at the console of ${plain(name)}; Ctrl-C ends it`);
      if (!isTTY.stdin) return void sendAll(stdin, session).then(() => { itself = false; });
      // Raw before it is said: until then Ctrl-C would be this program's, not the guest's.
      ending.use(attachTerminal(stdin, session, leave));
      return say(`Attached to the console of ${plain(name)}; ${DETACH_NAME} detaches`);
    });
    await session.over;
    if (isTTY.stderr) stderr.write(`\r\n${itself ? `The console of ${plain(name)} was closed: its machine has ended` : `Detached from the console of ${plain(name)}`}\n`);
  },
});
