/** `holdfast image list` in each format: a command of Holdfast's own. */
import type { WireImage } from '../../api/schemas.ts';
import { showSize } from '../../core/sizes.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderImages(images: readonly WireImage[], format: Format): string {
  const facts = images.map(({ digest, names, format: kind, os, release, sizeBytes, virtualSizeBytes, architecture, builtAt }) =>
    ({ names, os, release, format: kind, size: sizeBytes, virtual_size: virtualSizeBytes, built: builtAt, digest, architecture }));
  switch (format) {
    case 'table':
      if (images.length === 0) return 'No images found.\n';
      return table(
        [{ title: 'Image', minimum: 28 }, { title: 'Release', minimum: 24 }, { title: 'Arch', minimum: 10 }, { title: 'Size', minimum: 12 }, { title: 'Built', minimum: 13 }, { title: 'Hash' }],
        facts.map(({ names, os, release, architecture, size, built, digest }) =>
          [names.join(', ') || '--', oneLine(`${os} ${release}`.trim()) || '--', architecture || '--', showSize(size), built.slice(0, 10), digest.slice(0, 12)]),
      );
    case 'json': return toJson({ images: facts });
    case 'csv':
      return csvLine(['Image', 'OS', 'Release', 'Format', 'Size', 'Virtual size', 'Built', 'Hash', 'Architecture'])
        + facts.map((image) => csvLine([image.names.join(';'), oneLine(image.os), oneLine(image.release), image.format, image.size, image.virtual_size, image.built, image.digest, image.architecture])).join('');
    case 'yaml': return toYaml({ images: facts });
  }
}
