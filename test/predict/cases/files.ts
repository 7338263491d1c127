/** From entries to files: which file they go to, what becomes of those that are there, and how they are written. */
import fc from 'fast-check';
import { Document } from 'yaml';
import type { NetplanFile } from '../../../src/core/netplan/facts.ts';
import type { Entry } from './definitions.ts';
import { weighted } from './words.ts';

/** Where a file goes, and which of those at launch are set aside for it. */
interface Placing {
  readonly path: string;
  readonly setAside: 'all' | 'none' | 'cloud-init';
}

const CLOUD_INIT = '50-cloud-init.yaml';

export const placing: fc.Arbitrary<Placing> = weighted<Placing>(
  [5, fc.constant({ path: `/etc/netplan/${CLOUD_INIT}`, setAside: 'none' })],
  [4, fc.constantFrom('/etc/netplan/01-netcfg.yaml', '/etc/netplan/99-mine.yaml').map((path) => ({ path, setAside: 'all' }))],
  [4, fc.constantFrom('/etc/netplan/60-static.yaml', '/etc/netplan/99-mine.yaml', '/etc/netplan/00-first.yaml', '/etc/netplan/50-a.yaml').map((path) => ({ path, setAside: 'none' }))],
  [1, fc.constantFrom(`/run/netplan/${CLOUD_INIT}`, `/lib/netplan/${CLOUD_INIT}`).map((path) => ({ path, setAside: 'cloud-init' }))],
  [1, fc.constantFrom(`/run/netplan/${CLOUD_INIT}`, `/lib/netplan/${CLOUD_INIT}`, '/run/netplan/70-run.yaml', '/lib/netplan/10-lib.yaml').map((path) => ({ path, setAside: 'none' }))],
  [1, fc.constantFrom('/etc/netplan/60-static.yml', '/etc/netplan/60-static.yaml.bak', '/etc/netplan/.60-static.yaml').map((path) => ({ path, setAside: 'none' }))],
);

/** The files after the new ones were put among them. */
export function putInto(before: readonly NetplanFile[], added: readonly NetplanFile[], setAside: Placing['setAside']): NetplanFile[] {
  const paths = new Set(added.map(({ path }) => path));
  const kept = before.filter(({ path }) => !paths.has(path) && setAside !== 'all' && !(setAside === 'cloud-init' && path.endsWith(CLOUD_INIT)));
  return [...kept, ...added];
}

/** The network section as an object; later entries of the same id win. */
export function section(entries: readonly Entry[], top: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const network: Record<string, unknown> = { version: 2, ...top };
  for (const { type, id, body } of entries) network[type] = { ...network[type] as object | undefined, [id]: body };
  return network;
}

/** As somebody's hand or program would write it. */
export function written(network: unknown): fc.Arbitrary<string> {
  return fc.record({ style: weighted<'block' | 'flow'>([6, fc.constant('block')], [1, fc.constant('flow')]), indent: fc.constantFrom(2, 4), quoted: fc.boolean(), comment: fc.boolean() })
    .map(({ style, indent, quoted, comment }) => {
      const document = new Document({ network });
      if (comment) document.commentBefore = ' mine; see the wiki';
      return document.toString({ indent, collectionStyle: style, defaultStringType: quoted ? 'QUOTE_DOUBLE' : 'PLAIN', defaultKeyType: 'PLAIN', lineWidth: 0 });
    });
}
