/** `holdfast networks` in each format, as Multipass lays it out. */
import type { WireNetwork } from '../../api/schemas.ts';
import { always, csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderNetworks(networks: readonly WireNetwork[], format: Format): string {
  switch (format) {
    case 'table':
      if (networks.length === 0) return 'No network interfaces found.\n';
      return table([{ title: 'Name' }, { title: 'Type' }, { title: 'Description' }], networks.map(({ name, type, description }) => [name, type, description]));
    case 'json': return toJson({ list: networks.map(({ name, type, description }) => ({ name, type, description })) });
    case 'csv': return csvLine(['Name', 'Type', 'Description']) + networks.map(({ name, type, description }) => csvLine([name, type, always(description)])).join('');
    case 'yaml': return networks.length === 0 ? '\n' : toYaml(Object.fromEntries(networks.map(({ name, type, description }) => [name, [{ type, description }]])));
  }
}
