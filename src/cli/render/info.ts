/** `holdfast info` in each format. */
import type { WireInstance, WireSnapshot } from '../../api/schemas.ts';
import { showSize } from '../../core/sizes.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { infoFacts, type InfoFacts } from './info-facts.ts';
import { toJson, type Json } from './json.ts';
import { mountFields, mountLines } from './mounts.ts';
import { inOrder } from './order.ts';
import { oneLine } from './plain.ts';
import { snapshotFacts, snapshotFields, snapshotRecord, snapshotYaml, SNAPSHOT_TITLES } from './snapshots.ts';
import { toYaml } from './yaml.ts';

export function renderInfo(instances: readonly WireInstance[], format: Format, primary: string): string {
  return RENDER[format](format === 'json' ? instances : inOrder(instances, primary));
}

/** Instances first, each format as Multipass has it. */
export function renderInfoOfSnapshots(instances: readonly WireInstance[], snapshots: readonly WireSnapshot[], format: Format, primary: string): string {
  const ordered = format === 'json' ? instances : inOrder(instances, primary);
  const names = [...new Set([...ordered.map(({ name }) => name), ...snapshots.map(({ instance }) => instance)])];
  const factsOf = (name: string) => instances.find((each) => each.name === name);
  const of = (name: string) => snapshots.filter(({ instance }) => instance === name);
  switch (format) {
    case 'table': return [...ordered.map(record), ...snapshots.map(snapshotRecord)].join('\n') || 'No snapshots found.\n';
    case 'csv': return csvLine(SNAPSHOT_TITLES) + snapshots.map((snapshot) => csvLine(snapshotFields(snapshot))).join('');
    case 'json': return toJson({
      errors: [],
      info: Object.fromEntries(names.map((name) => {
        const instance = factsOf(name);
        return [name, { ...(instance && infoFacts(instance)), ...(of(name).length > 0 ? { snapshots: Object.fromEntries(of(name).map((each) => [each.name, snapshotFacts(each)])) } : {}) }];
      })),
    });
    case 'yaml': return toYaml({
      errors: [null],
      ...Object.fromEntries(names.map((name) => {
        const instance = factsOf(name);
        return [name, [{ ...(instance && yamlOf(infoFacts(instance))), ...(of(name).length > 0 ? { snapshots: of(name).map((each) => ({ [each.name]: snapshotYaml(each) })) } : {}) }]];
      })),
    });
  }
}

const LABEL_WIDTH = 16;
const NONE = '--';
/** Programs have all of it. */
const HASH_CHARACTERS = 12;

const RENDER = {
  table: (instances: readonly WireInstance[]) => instances.length === 0 ? 'No instances found.\n' : instances.map(record).join('\n'),
  json: (instances: readonly WireInstance[]) => toJson({
    errors: [],
    info: Object.fromEntries(instances.map((instance) => [instance.name, { ...infoFacts(instance) }])),
  }),
  csv: (instances: readonly WireInstance[]) => csvLine(CSV_TITLES) + instances.map((instance) => csvLine(csvFields(instance))).join(''),
  yaml: (instances: readonly WireInstance[]) => toYaml({
    errors: [null],
    ...Object.fromEntries(instances.map((instance) => [instance.name, [yamlOf(infoFacts(instance))]])),
  }),
} satisfies Record<Format, unknown>;

function record(instance: WireInstance): string {
  const facts = infoFacts(instance);
  const { guest, image, hold, network, reason } = instance;
  const [disk] = guest?.disks ?? [];
  const rows: readonly (readonly [label: string, ...values: string[]])[] = [
    ['Name', instance.name],
    ['State', instance.state],
    ['Zone', instance.zone.available ? instance.zone.name : `${instance.zone.name}(n/a)`],
    ['Snapshots', facts.snapshot_count],
    ['IPv4', ...(facts.ipv4.length > 0 ? facts.ipv4 : [NONE])],
    ['Release', facts.release || NONE],
    ['Image hash', facts.image_hash ? `${facts.image_hash.slice(0, HASH_CHARACTERS)} (${`${image.os} ${image.release}`.trim()})` : 'Not Available'],
    ['CPU(s)', facts.cpu_count || NONE],
    ['Load', facts.load.map((load) => load.toFixed(2)).join(' ') || NONE],
    ['Disk usage', disk ? outOf(disk) : NONE],
    ['Memory usage', guest ? outOf(guest.memory) : NONE],
    ['Mounts', ...mountLines(instance)],
    ['Hold', because(hold.level, hold.reason)],
    ['Network', because(network.health, network.reason)],
    ...(reason ? [['Reason', reason] as const] : []),
    ['Accelerator', instance.accelerator ?? NONE],
    ['Architecture', instance.architecture],
    ...(instance.figuresAt === null ? [] : [['Figures', `as of ${instance.figuresAt}: the guest has not answered since`] as const]),
  ];
  return rows.flatMap(([label, ...values]) => values.map((value, at) =>
    `${(at === 0 ? `${label}:` : '').padEnd(LABEL_WIDTH)}${oneLine(value)}\n`)).join('');
}

function outOf({ usedBytes, totalBytes }: { readonly usedBytes: number; readonly totalBytes: number }): string {
  return `${showSize(usedBytes)} out of ${showSize(totalBytes)}`;
}

function because(what: string, reason: string | null): string {
  return reason ? `${what} (${reason})` : what;
}

const CSV_TITLES = [
  'Name', 'State', 'Zone', 'Zone available', 'Ipv4', 'Release', 'Image hash', 'Image release', 'Load', 'Disk usage', 'Disk total',
  'Memory usage', 'Memory total', 'Mounts', 'AllIPv4', 'CPU(s)', 'Snapshots', 'Hold', 'Network', 'Reason', 'Accelerator', 'Architecture', 'Figures at',
];

function csvFields(instance: WireInstance): readonly (string | number | boolean)[] {
  const facts = infoFacts(instance);
  const [disk] = Object.values(facts.disks);
  return [
    instance.name, facts.state, facts.zone.name, facts.zone.available, facts.ipv4[0] ?? '', oneLine(facts.release), facts.image_hash,
    oneLine(facts.image_release), facts.load.join(' '), disk?.used ?? '', disk?.total ?? '', facts.memory.used ?? '', facts.memory.total ?? '',
    mountFields(instance), facts.ipv4.join(';'), facts.cpu_count, facts.snapshot_count, facts.hold, facts.network, oneLine(facts.reason ?? ''), facts.accelerator ?? '', facts.architecture, facts.figures_at ?? '',
  ];
}

/** Multipass's YAML has its own order, disks as a list, and `usage` where JSON has `used`. */
function yamlOf(facts: InfoFacts): { readonly [key: string]: Json } {
  const { zone, state, snapshot_count, image_hash, image_release, release, cpu_count, load, disks, memory, ipv4, mounts, ...own } = facts;
  return {
    state, zone,
    snapshot_count: Number(snapshot_count),
    image_hash, image_release,
    release: release || null,
    cpu_count: cpu_count ? Number(cpu_count) : null,
    load,
    disks: Object.entries(disks).map(([name, { used, total }]) => ({ [name]: { used: numberOrNull(used), total: numberOrNull(total) } })),
    memory: { usage: memory.used ?? null, total: memory.total ?? null },
    ipv4,
    mounts: Object.keys(mounts).length > 0 ? mounts : null,
    ...own,
  };
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
