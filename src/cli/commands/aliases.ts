import { aliasPlaces, readAliases } from '../aliases/alias-file.ts';
import { defineCommand } from '../command.ts';
import { renderAliases } from '../render/aliases.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';

export const aliases = defineCommand({
  name: 'aliases',
  group: 'Inside an instance',
  summary: 'Show the aliases there are',
  usage: '',
  args: [0, 0],
  options: { format: FORMAT_OPTION },
  examples: [['holdfast aliases', 'of all contexts; the active one has a star']],
  async run({ env, stdout }, { options }) {
    const format = requireFormat(options.format);
    stdout.write(renderAliases(await readAliases(await aliasPlaces(env)), format));
  },
});
