/** `holdfast aliases` in each format, as Multipass lays it out. */
import { toAliasFile, type AliasBook } from '../../core/aliases.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderAliases(book: AliasBook, format: Format): string {
  const rows = Object.entries(book.contexts).toSorted(byName).flatMap(([context, aliases]) => Object.entries(aliases).toSorted(byName).map(
    ([alias, { instance, command, workingDirectory }]) => ({ alias, instance, command, context, directory: workingDirectory }),
  ));
  const shown = (context: string): string => (context === book.active ? `${context}*` : context);
  switch (format) {
    case 'table':
      if (rows.length === 0) return 'No aliases defined.\n';
      return table(
        [{ title: 'Alias' }, { title: 'Instance' }, { title: 'Command' }, { title: 'Context' }, { title: 'Working directory' }],
        rows.map(({ alias, instance, command, context, directory }) => [alias, oneLine(instance), oneLine(command), shown(context), directory]),
      );
    case 'json': return toJson(toAliasFile(book));
    case 'csv':
      return csvLine(['Alias', 'Instance', 'Command', 'Working directory', 'Context'])
        + rows.map(({ alias, instance, command, context, directory }) => csvLine([alias, oneLine(instance), oneLine(command), directory, shown(context)])).join('');
    case 'yaml':
      return toYaml({
        active_context: book.active,
        aliases: Object.fromEntries(Object.keys(book.contexts).toSorted().map((name) => [name, rows.filter(({ context }) => context === name)
          .map(({ alias, instance, command, directory }) => ({ alias, command, instance, 'working-directory': directory }))])),
      });
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
