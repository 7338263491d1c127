import { defineCommand, type Command } from '../command.ts';
import { unknownCommand } from '../failure.ts';
import { commandHelp, generalHelp } from '../help.ts';

/** @param commands  the table that it is itself in */
export const helpOn = (commands: () => readonly Command[]): Command => defineCommand({
  name: 'help',
  group: 'Settings and the daemon',
  summary: 'Show the commands, or how to use one',
  usage: '[<command>]',
  args: [0, 1],
  options: {},
  examples: [['holdfast help launch', 'all about one command']],
  async run({ stdout }, { args: [name] }) {
    if (name === undefined) {
      stdout.write(generalHelp(commands()));
      return 0;
    }
    const command = commands().find((each) => each.name === name || each.aliases?.includes(name));
    stdout.write(command ? commandHelp(command) : unknownCommand(name));
    return command ? 0 : 1;
  },
});
