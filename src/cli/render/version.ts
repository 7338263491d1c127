/** `holdfast version` in each format; the daemon's line only where one runs, the news of a later release only where there is one. */
import type { WireUpdate } from '../../api/schemas.ts';
import { PROGRAMS, type ProgramName } from '../../core/program.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine } from './plain.ts';
import { toYaml } from './yaml.ts';

export interface Versions {
  readonly cli: string;
  readonly daemon?: string | undefined;
  readonly update?: WireUpdate | undefined;
}

const BOX = '#'.repeat(50);

export function renderVersion({ cli, daemon, update }: Versions, format: Format, program: ProgramName = 'holdfast'): string {
  const names = PROGRAMS[program];
  const both = { [names.client]: cli, ...(daemon === undefined ? {} : { [names.daemon]: daemon }) };
  const { title = '', description = '', url = '' } = update ?? {};
  switch (format) {
    case 'table':
      return Object.entries(both).map(([name, version]) => `${name.padEnd(12)}${oneLine(version)}\n`).join('')
        + (update ? `\n${[BOX, oneLine(title), oneLine(description), '', oneLine(url), BOX].join('\n')}\n` : '');
    case 'json': return toJson({ ...both, ...(update ? { update: { title, description, url } } : {}) });
    case 'csv': return csvLine([capital(names.client), capital(names.daemon), 'Title', 'Description', 'URL']) + csvLine([cli, daemon ?? '', oneLine(title), oneLine(description), oneLine(url)]);
    case 'yaml': return toYaml({ ...both, ...(update ? { update: { title, description, url } } : {}) });
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
