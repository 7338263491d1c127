/** `holdfast template list` in each format: a command of Holdfast's own. */
import type { WireTemplate } from '../../api/schemas.ts';
import { showSize } from '../../core/sizes.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderTemplates(templates: readonly WireTemplate[], format: Format): string {
  const facts = templates.map(({ key, names, imageDigest, cpus, memoryBytes, accelerator, bytes, createdAt, lastUsedAt }) =>
    ({ template: key, names, image_hash: imageDigest, cpus, memory: memoryBytes, accelerator, size: bytes, created: createdAt, last_used: lastUsedAt }));
  switch (format) {
    case 'table':
      if (templates.length === 0) return 'No templates found.\n';
      return table(
        [{ title: 'Template', minimum: 18 }, { title: 'Image', minimum: 24 }, { title: 'CPUs', minimum: 6 }, { title: 'Memory', minimum: 10 }, { title: 'Size', minimum: 12 }, { title: 'Last used' }],
        facts.map(({ template, names, image_hash: hash, cpus, memory, size, last_used: used }) =>
          [template, oneLine(names[0] ?? hash.slice(0, 12)), String(cpus), showSize(memory), showSize(size), used.slice(0, 16).replace('T', ' ')]),
      );
    case 'json': return toJson({ templates: facts });
    case 'csv':
      return csvLine(['Template', 'Image', 'Image hash', 'CPUs', 'Memory', 'Accelerator', 'Size', 'Created', 'Last used'])
        + facts.map((one) => csvLine([one.template, one.names.join(';'), one.image_hash, one.cpus, one.memory, one.accelerator, one.size, one.created, one.last_used])).join('');
    case 'yaml': return toYaml({ templates: facts });
  }
}
