/** `holdfast find` in each format, as Multipass lays it out; the hash behind that, where there is room. */
import type { WireFound } from '../../api/schemas.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderFound({ images, errors }: WireFound, format: Format): string {
  const shown = images.map((image) => ({ ...image, os: oneLine(image.os), release: oneLine(image.release), version: oneLine(image.version) }));
  const byName = Object.fromEntries(shown.map(({ name, os, release, version, aliases, remote, hash }) => [name, { os, release, version, aliases, remote, hash }]));
  switch (format) {
    case 'table':
      if (images.length === 0) return 'No images found.\n';
      return table(
        [{ title: 'Image', minimum: 28 }, { title: 'Aliases', minimum: 18 }, { title: 'Version', minimum: 17 }, { title: 'Description' }],
        shown.map(({ name, aliases, version, os, release }) => [name, aliases.join(','), version, `${os} ${release}`.trim()]),
      );
    case 'json': return toJson({ errors: errors.map(oneLine), images: byName });
    case 'csv':
      return csvLine(['Image', 'Remote', 'Aliases', 'OS', 'Release', 'Version', 'Type', 'Hash'])
        + shown.map(({ name, remote, aliases, os, release, version, hash }) => csvLine([name, remote, aliases.join(';'), os, release, version, 'Cloud Image', hash])).join('');
    case 'yaml': return toYaml({ errors: errors.map(oneLine), images: byName });
  }
}
