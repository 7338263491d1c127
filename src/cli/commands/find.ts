import { requireArchitecture } from '../../core/architecture.ts';
import { defineCommand } from '../command.ts';
import { renderFound } from '../render/find.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { oneLine } from '../render/plain.ts';

/** Where a remote is asked anew, it may be slow. */
const FORCED_MS = 200_000;

export const find = defineCommand({
  name: 'find',
  group: 'Images',
  summary: 'Show the images that can be launched from the web',
  usage: '[[<remote>:][<string>]]',
  takes: [['<remote>:', 'where it is looked for; everywhere when absent'], ['<string>', 'an alias, or the first digits of a hash']],
  args: [0, 1],
  options: {
    unsupported: { flags: '--show-unsupported', summary: 'also releases that get no updates any more' },
    force: { flags: '--force-update', summary: 'ask now what is published; otherwise it is what was known at most six hours ago' },
    arch: { flags: '--arch <architecture>', summary: 'x86_64 or arm64 (this machine\'s)' },
    format: FORMAT_OPTION,
  },
  examples: [
    ['holdfast find', 'what there is'],
    ['holdfast find daily:', 'of one remote'],
    ['holdfast find noble', 'one image'],
    ['holdfast find --show-unsupported --format json', 'for a program, with hashes'],
  ],
  notes: ['The remotes are release, daily, snapcraft, core and distributions. A string is an alias, or the first digits of a hash. What was built here is in "holdfast image list".'],
  async run({ client: connect, stdout, stderr, signal }, { args: [wish = ''], options }) {
    const format = requireFormat(options.format);
    if (options.arch !== undefined) requireArchitecture(options.arch);
    const client = await connect();
    const found = await client.call('findImages', { query: {
      ...(wish === '' ? {} : { name: wish }), ...(options.arch === undefined ? {} : { architecture: options.arch }),
      ...(options.unsupported ? { unsupported: 'true' } : {}), ...(options.force ? { force: 'true' } : {}),
    } }, { signal, deadlineMs: FORCED_MS });
    for (const error of found.errors) stderr.write(`${oneLine(error)}\n`);
    stdout.write(renderFound(found, format));
    // Nothing is known: who asked what there is has not been told.
    return found.images.length === 0 && found.errors.length > 0 ? 2 : 0;
  },
});
