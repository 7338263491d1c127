/** Judge A: a change as it was predicted, against what netplan's own generator makes of the same files. */
import type { GuestFacts } from '../../../src/core/netplan/facts.ts';
import type { Prediction } from '../../../src/core/netplan/prediction.ts';
import { fileFor } from './matching.ts';
import { settingsOf } from './predicted.ts';
import { readRendered } from './rendered.ts';
import type { Rendering } from './render.ts';
import { difference } from './settings.ts';

export interface Agreement {
  readonly netplan: 'accepted' | 'refused' | 'crashed';
  readonly predicted: 'accepted' | 'refused';
  /** Of the rendering, each in words; empty where one of them refuses. */
  readonly differences: readonly string[];
  /** What the prediction says it does not know, and was not compared. */
  readonly unknown: number;
  /** Whether the default card has the address that the host uses, by what netplan wrote; null where it wrote nothing. */
  readonly keepsAddress: boolean | null;
}

export function judgeRendering(prediction: Prediction, rendering: Rendering, facts: GuestFacts): Agreement {
  const predicted = prediction.refused === null ? 'accepted' : 'refused';
  if (rendering.refused !== 'no') return { netplan: rendering.refused, predicted, differences: [], unknown: 0, keepsAddress: null };
  const keepsAddress = keeps(rendering, facts);
  if (predicted === 'refused') return { netplan: 'accepted', predicted, differences: [], unknown: 0, keepsAddress };
  const { differences, unknown } = compareAll(prediction, rendering, facts);
  return { netplan: 'accepted', predicted, differences, unknown, keepsAddress };
}

function compareAll({ definitions, links }: Prediction, rendering: Rendering, facts: GuestFacts): { differences: string[]; unknown: number } {
  const rendered = readRendered(rendering.files);
  const differences: string[] = [];
  let unknown = 0;
  const has = (renderer: string): string[] => definitions.filter((each) => each.renderer === renderer).map(({ id }) => id).toSorted();
  const sets = [['networkd', rendered.networks.map(({ id }) => id).toSorted()], ['NetworkManager', rendered.networkManager]] as const;
  for (const [renderer, they] of sets) {
    const we = has(renderer);
    if (we.join() !== they.join()) differences.push(`definitions of ${renderer}: netplan ${they.join()}, predicted ${we.join()}`);
  }
  for (const { id, settings } of rendered.networks) {
    const definition = definitions.find((each) => each.id === id);
    if (definition === undefined) continue;
    if (definition.unmodelled.length > 0) unknown += 1;
    differences.push(...difference(settingsOf(definition, definitions), settings).map((each) => `${id}: ${each}`));
  }
  for (const link of facts.links.filter(({ kind }) => kind === 'ethernet')) {
    const they = fileFor(link, rendered)?.id ?? null;
    const we = links.find(({ name }) => name === link.name);
    if (we === undefined) differences.push(`${link.name}: nothing is predicted`);
    else if (we.managedBy === 'unknown') unknown += 1;
    else if ((we.managedBy === 'networkd' ? we.definition : null) !== they) differences.push(`${link.name}: netplan's file is ${they}, predicted ${we.definition} (${we.managedBy})`);
  }
  return { differences, unknown };
}

/** By the rendering alone: DHCP where DHCP gives it, or written down; and nothing that would make of it a member or keep it down. */
function keeps(rendering: Rendering, { links, control }: GuestFacts): boolean {
  const card = links.find(({ permanentMac }) => permanentMac === control.mac);
  const settings = card === undefined ? undefined : fileFor(card, readRendered(rendering.files))?.settings;
  const four = control.addresses.find((address) => !address.includes(':'));
  if (settings === undefined || settings.activation !== 'up' || settings.memberOf !== '') return false;
  return settings.dhcp4 || settings.addresses.some((line) => line.startsWith(`${four}/`));
}
