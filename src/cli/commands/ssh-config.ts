import { homeInUse } from '../../client/home.ts';
import { HoldfastError } from '../../core/errors.ts';
import { showTcp } from '../../core/server-address.ts';
import { defineCommand } from '../command.ts';
import { BatchError } from '../failure.ts';
import { renderSshHost } from '../render/ssh-config.ts';
import { forgetOthers, keepSshFiles, keysDirectory } from '../ssh-files.ts';
import { distinct, instances, noSuchInstance } from '../targets.ts';

const GONE: readonly string[] = ['instance-not-found', 'instance-deleted'];

export const sshConfig = defineCommand({
  name: 'ssh-config',
  group: 'Inside an instance',
  onlyHere: true,
  summary: 'Print an ssh configuration by which ssh, scp, rsync and editors reach instances',
  usage: '[<name>...]',
  takes: [['<name>', 'of an instance; all of them when absent']],
  args: [0, Infinity],
  options: {},
  examples: [
    ['holdfast ssh-config > ~/.ssh/holdfast.conf', 'all instances; then, at the top of ~/.ssh/config: Include holdfast.conf'],
    ['holdfast ssh-config apollo > apollo.conf', 'one; then: ssh -F apollo.conf apollo'],
  ],
  notes: [
    'The connection goes the way that holdfast shell goes: it needs no address, and works while the instance\'s network does not.',
    'Each instance has a key of its own for this, kept in a directory of yours that nobody else can read. It opens nothing else: not the instance\'s own sshd, and not root.',
    'Print it anew when an instance was made anew under the same name.',
  ],
  async run({ client: connect, stdout, signal, env, program }, { args }) {
    const client = await connect();
    const all = await instances(client, signal);
    const names = distinct(args);
    const missing = names.filter((name) => !all.some((instance) => instance.name === name)).map(noSuchInstance);
    if (missing.length > 0) throw names.length === 1 ? missing[0] : new BatchError(missing);
    const { home, run: { remote } } = homeInUse(env);
    const address = remote && showTcp(remote);
    const directory = await keysDirectory(home, env, address);
    const there = all.filter(({ state }) => state !== 'Deleted').map(({ name }) => name);
    const blocks: string[] = [];
    for (const name of names.length === 0 ? there : names) {
      const access = await client.call('getSshAccess', { params: { name } }, { signal }).catch((error: unknown) => {
        // Nobody asked for this one, and it has gone meanwhile.
        if (names.length === 0 && error instanceof HoldfastError && GONE.includes(error.code)) return undefined;
        throw error;
      });
      if (access === undefined) continue;
      blocks.push(renderSshHost(access, await keepSshFiles(directory, access), { program, home: env['HOLDFAST_HOME'] || undefined, address }));
    }
    if (names.length === 0) await forgetOthers(directory, there);
    stdout.write(blocks.join('\n'));
  },
});
