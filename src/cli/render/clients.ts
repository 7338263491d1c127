/** `holdfast clients` in each format: a command of Holdfast's own. */
import type { WireClient } from '../../api/trust-schemas.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderClients(clients: readonly WireClient[], format: Format): string {
  const facts = clients.map(({ name, fingerprint, address, since, connections }) => ({ name, fingerprint, address, since, connections }));
  switch (format) {
    case 'table':
      if (clients.length === 0) return 'No clients found.\n';
      return table(
        [{ title: 'Name', minimum: 24 }, { title: 'From', minimum: 18 }, { title: 'Since', minimum: 19 }, { title: 'Open', minimum: 7 }, { title: 'Fingerprint' }],
        facts.map(({ name, address, since, connections, fingerprint }) =>
          [oneLine(name) || '--', address ?? '--', since?.slice(0, 16).replace('T', ' ') ?? '--', String(connections), oneLine(fingerprint)]),
      );
    case 'json': return toJson({ clients: facts });
    case 'csv':
      return csvLine(['Name', 'Fingerprint', 'From', 'Since', 'Connections'])
        + facts.map((one) => csvLine([oneLine(one.name), oneLine(one.fingerprint), one.address ?? '', one.since ?? '', one.connections])).join('');
    case 'yaml': return toYaml({ clients: facts });
  }
}
