/** `holdfast list` in each format. Keys and columns of Multipass first, Holdfast's own behind them. */
import type { WireInstance } from '../../api/schemas.ts';
import { always, csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { inOrder } from './order.ts';
import { oneLine } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderList(instances: readonly WireInstance[], format: Format, primary: string, showIpv4 = true): string {
  const shown = instances.map((instance) => showIpv4 ? instance : { ...instance, ipv4: [] });
  // Multipass sorts all but JSON.
  return format === 'json' ? json(shown) : RENDER[format](inOrder(shown, primary));
}

const RENDER = {
  table: (instances: readonly WireInstance[]): string => {
    if (instances.length === 0) return 'No instances found.\n';
    return table(
      [{ title: 'Name', minimum: 24 }, { title: 'State', minimum: 18 }, { title: 'IPv4', minimum: 17 }, { title: 'Image', minimum: 20 }, { title: 'Zone' }],
      instances.flatMap((instance) => {
        const [first = '--', ...more] = instance.ipv4;
        const { name, available } = instance.zone;
        return [
          [instance.name, instance.state, first, oneLine(listRelease(instance)), available ? name : `${name}(n/a)`],
          ...more.map((address) => ['', '', address]),
        ];
      }),
    );
  },
  csv: (instances: readonly WireInstance[]): string =>
    csvLine(['Name', 'State', 'IPv4', 'Release', 'AllIPv4', 'Zone', 'Zone available', 'Hold', 'Network'])
    + instances.map((instance) => csvLine([
      instance.name, instance.state, instance.ipv4[0] ?? '', oneLine(listRelease(instance)), always(instance.ipv4.join(',')),
      instance.zone.name, instance.zone.available, instance.hold.level, instance.network.health,
    ])).join(''),
  yaml: (instances: readonly WireInstance[]): string => {
    if (instances.length === 0) return '\n';
    return toYaml(Object.fromEntries(instances.map((instance) => [instance.name, [{
      state: instance.state, zone: instance.zone, ipv4: instance.ipv4, release: listRelease(instance),
      hold: instance.hold.level, network: instance.network.health,
    }]])));
  },
};

function json(instances: readonly WireInstance[]): string {
  return toJson({
    list: instances.map((instance) => ({
      name: instance.name, state: instance.state, ipv4: instance.ipv4, release: listRelease(instance), zone: instance.zone,
      hold: instance.hold.level, network: instance.network.health,
    })),
  });
}

/** From the image's record: it is known of a stopped instance too. */
function listRelease({ image }: WireInstance): string {
  return `${image.os} ${image.release}`.trim() || 'Not Available';
}
