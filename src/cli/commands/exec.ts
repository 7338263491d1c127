import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';
import { callersDirectory } from '../mounting.ts';
import { prepareExec, runExec } from '../terminal/run-exec.ts';

export const exec = defineCommand({
  name: 'exec',
  group: 'Inside an instance',
  entersGuest: true,
  summary: 'Run a command in an instance',
  usage: '<name> [--] <command> [<argument>...]',
  takes: [['<name>', 'of the instance'], ['<command>', 'what is run there'], ['<argument>', 'for the command; none is read by a shell']],
  args: [1, Infinity],
  options: {
    directory: { flags: '-d, --working-directory <dir>', summary: 'where the command runs' },
    noMap: { flags: '-n, --no-map-working-directory', summary: 'do not run it in the mounted counterpart of this directory' },
  },
  examples: [
    ['holdfast exec apollo -- uname -a', 'options after -- are the command\'s'],
    ['tar c . | holdfast exec apollo -- tar x -C /tmp', 'bytes go through unchanged'],
  ],
  notes: [
    'The exit code is the command\'s; 128 and the signal\'s number when a signal ended it; 255 when the instance could not be reached.',
    'An instance that is stopped is started first. A terminal is allocated when both stdin and stdout are one.',
  ],
  async run(context, { args: [name = '', ...command], options }) {
    prepareExec(context);
    if (options.directory !== undefined && options.noMap) throw new UsageError('Options --working-directory and --no-map-working-directory clash');
    if (command.length === 0) throw new UsageError('Wrong number of arguments given', 'name the instance and a command: holdfast exec <name> -- <command>');
    const begins = options.directory === undefined ? { from: options.noMap ? undefined : callersDirectory() } : { cwd: options.directory };
    return runExec(context, await context.client(), { name, command, ...begins });
  },
});
