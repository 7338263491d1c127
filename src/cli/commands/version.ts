import { VERSION } from '../../core/version.ts';
import { defineCommand } from '../command.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderVersion } from '../render/version.ts';

/** A daemon that hangs must not keep `version` from answering. */
const DAEMON_MS = 2_000;

export const version = defineCommand({
  name: 'version',
  group: 'Settings and the daemon',
  summary: 'Show the versions of Holdfast and of the daemon, if one runs',
  usage: '',
  args: [0, 0],
  options: { format: FORMAT_OPTION },
  examples: [['holdfast version --format json', 'for a program']],
  async run({ clientIfRunning, calledAs, stdout, signal }, { options }) {
    const format = requireFormat(options.format);
    const client = await clientIfRunning().catch(() => undefined);
    const daemon = await client?.call('version', {}, { signal, deadlineMs: DAEMON_MS }).catch(() => undefined);
    stdout.write(renderVersion({ cli: VERSION, daemon: daemon?.daemon, update: daemon?.update }, format, calledAs));
  },
});
