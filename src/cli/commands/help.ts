import { defineCommand, type Command } from '../command.ts';
import { unknownCommand, UsageError } from '../failure.ts';
import { commandHelp, generalHelp } from '../help.ts';
import { manPage } from '../man.ts';

/** @param commands  the table that it is itself in */
export const helpOn = (commands: () => readonly Command[]): Command => defineCommand({
  name: 'help',
  group: 'Settings and the daemon',
  summary: 'Show the commands, or how to use one',
  usage: '[<command> [<verb>]]',
  takes: [['<command>', 'what to explain; all commands when absent'], ['<verb>', 'as in net apply: it is on its command\'s page']],
  args: [0, 2],
  options: { man: { flags: '--man', summary: 'everything as a manual page' } },
  examples: [
    ['holdfast help launch', 'all about one command'],
    ['holdfast help --man > /usr/local/share/man/man1/holdfast.1', 'for man holdfast'],
  ],
  async run({ stdout, calledAs }, { args: [name], options: { man } }) {
    if (man) {
      if (name !== undefined) throw new UsageError('The manual page is of all commands', 'holdfast help --man');
      stdout.write(manPage(commands()));
      return 0;
    }
    if (name === undefined) {
      stdout.write(generalHelp(commands(), calledAs));
      return 0;
    }
    const command = commands().find((each) => each.name === name || each.aliases?.includes(name));
    stdout.write(command ? commandHelp(command, calledAs) : unknownCommand(name, calledAs));
    return command ? 0 : 1;
  },
});
