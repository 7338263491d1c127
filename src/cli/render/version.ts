/** `holdfast version` in each format; the daemon's line only where one runs. */
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { toYaml } from './yaml.ts';

export function renderVersion(cli: string, daemon: string | undefined, format: Format): string {
  const both = { holdfast: cli, ...(daemon === undefined ? {} : { holdfastd: daemon }) };
  switch (format) {
    case 'table': return Object.entries(both).map(([name, version]) => `${name.padEnd(12)}${version}\n`).join('');
    case 'json': return toJson(both);
    case 'csv': return csvLine(['Holdfast', 'Holdfastd', 'Title', 'Description', 'URL']) + csvLine([cli, daemon ?? '', '', '', '']);
    case 'yaml': return toYaml(both);
  }
}
