import { defineCommand } from '../command.ts';
import { SCRIPTS, SHELLS } from '../completion/scripts.ts';
import { UsageError } from '../failure.ts';

export const completion = defineCommand({
  name: 'completion',
  group: 'Settings and the daemon',
  onlyHere: true,
  summary: 'Print a script that teaches a shell to complete holdfast\'s words',
  usage: '<shell>',
  takes: [['<shell>', 'bash, zsh or fish']],
  args: [1, 1],
  options: {},
  examples: [
    ['holdfast completion bash > /etc/bash_completion.d/holdfast', 'for everybody, from the next shell on'],
    ['holdfast completion zsh > ~/.zfunc/_holdfast', 'with ~/.zfunc in fpath'],
    ['holdfast completion fish > ~/.config/fish/completions/holdfast.fish', ''],
  ],
  notes: ['Shells: bash, zsh, fish. The script asks holdfast at each Tab, so it need not be made again when holdfast changes.'],
  async run({ stdout }, { args: [name] }) {
    const shell = SHELLS.find((known) => known === name);
    if (shell === undefined) throw new UsageError(`Unknown shell '${name}'`, `there are: ${SHELLS.join(', ')}`);
    stdout.write(SCRIPTS[shell]);
  },
});
