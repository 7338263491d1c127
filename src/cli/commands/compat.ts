import { installLaunchers } from '../compat/install-launchers.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../failure.ts';

export const compat = defineCommand({
  name: 'compat',
  group: 'Settings and the daemon',
  onlyHere: true,
  summary: 'Let scripts that call multipass find Holdfast',
  usage: 'install <dir>',
  takes: [['install', 'write them'], ['<dir>', 'where the launchers multipass and multipassd are written']],
  args: [2, 2],
  options: { force: { flags: '--force', summary: 'also over files that are not Holdfast\'s' } },
  examples: [['holdfast compat install ~/bin', 'with ~/bin in PATH before everything else']],
  notes: [
    'As multipass, Holdfast names itself so where scripts look for it, and takes MULTIPASS_STORAGE and MULTIPASS_SERVER_ADDRESS (unix:<path> or <host>:<port>).',
    'multipassd stays in the foreground, for a service manager: it takes --logger, --verbosity and --address, ends with 0 when it is told to, and with 42 to be started again after a setting of its own was changed. The machines go on meanwhile.',
  ],
  async run({ stdout, stderr, program, daemonScript, env }, { args: [verb, directory = ''], options: { force } }) {
    if (verb !== 'install') throw new UsageError(`Unknown action '${verb}'`, 'there is: compat install');
    const written = await installLaunchers(directory, { program, daemonScript, force });
    for (const path of written.paths) stdout.write(`Written: ${path}\n`);
    if (!(env['PATH'] ?? '').split(':').includes(written.directory)) stderr.write(`It is not in PATH: ${written.directory}\n`);
  },
});
