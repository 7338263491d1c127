/** `holdfast zones` in each format, as Multipass lays it out. */
import type { WireZone } from '../../api/schemas.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderZones(zones: readonly WireZone[], format: Format): string {
  const byName = Object.fromEntries(zones.map(({ name, available, subnet }) => [name, { available, subnet }]));
  switch (format) {
    case 'table':
      return table([{ title: 'Name' }, { title: 'State' }, { title: 'Subnet' }], zones.map(({ name, available, subnet }) => [name, available ? 'Available' : 'Unavailable', subnet]));
    case 'json': return toJson(byName);
    case 'csv': return csvLine(['Name', 'Available', 'Subnet']) + zones.map(({ name, available, subnet }) => csvLine([name, available, subnet])).join('');
    case 'yaml': return toYaml(byName);
  }
}
