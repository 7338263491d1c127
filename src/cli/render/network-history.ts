/** `holdfast net history` and `holdfast net diff` in each format. */
import type { WireNetworkDiff, WireRevision } from '../../api/network-schemas.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine, plain } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

export function renderHistory(name: string, revisions: readonly WireRevision[], format: Format): string {
  switch (format) {
    case 'table':
      if (revisions.length === 0) return `Nothing is known of ${name}'s netplan files yet.\n`;
      return table(
        [{ title: 'Revision' }, { title: 'When' }, { title: 'By' }, { title: 'Outcome' }, { title: 'Files' }],
        revisions.map((revision) => [`${revision.number}${revision.current ? ' *' : ''}`, revision.at, by(revision), outcome(revision), files(revision)]),
      );
    case 'json': return toJson({ instance: name, revisions: revisions.map(facts) });
    case 'csv':
      return csvLine(['Revision', 'Current', 'When', 'Origin', 'Command', 'Transaction', 'Outcome', 'Reason', 'Files'])
        + revisions.map((revision) => csvLine([
          revision.number, revision.current, revision.at, revision.origin, revision.command ?? '', revision.transaction ?? '', revision.outcome, oneLine(revision.reason ?? ''), files(revision),
        ])).join('');
    case 'yaml': return toYaml({ [name]: revisions.map(facts) });
  }
}

function facts({ number, current, at, origin, command, transaction, outcome: what, reason, changed }: WireRevision) {
  return { revision: number, current, at, origin, command, transaction, outcome: what, reason, files: changed.map(({ path, kind }) => ({ path, kind })) };
}

function by({ origin, command }: WireRevision): string {
  if (origin === 'launch') return 'launch';
  return origin === 'hand' ? 'hand' : command ?? 'holdfast';
}

const WORDS = { seen: '--', applied: 'waits for net commit', committed: 'kept', 'rolled-back': 'undone' } as const;

function outcome({ outcome: what, reason }: WireRevision): string {
  return reason === null ? WORDS[what] : `${WORDS[what]}: ${oneLine(reason)}`;
}

const SIGNS = { made: '+', removed: '-', changed: '~' } as const;

function files({ changed }: WireRevision): string {
  return changed.map(({ path, kind }) => SIGNS[kind] + oneLine(path.replace(/^\/etc\/netplan\//, ''))).join(' ');
}

export function renderDiff(name: string, { from, to, files: changed }: WireNetworkDiff, format: Format): string {
  switch (format) {
    case 'table': return changed.map(({ path, diff, was, is }) => rights(path, was, is) + plain(diff)).join('');
    case 'json': return toJson({ instance: name, from, to, files: changed.map((file) => ({ ...file })) });
    case 'csv': return csvLine(['Path', 'Kind', 'Was', 'Is', 'Diff']) + changed.map(({ path, kind, was, is, diff }) => csvLine([path, kind, was ?? '', is ?? '', plain(diff)])).join('');
    case 'yaml': return toYaml({ instance: name, from, to, files: changed.map((file) => ({ ...file })) });
  }
}

function rights(path: string, was: string | null, is: string | null): string {
  return was === null || is === null || was === is ? '' : `${oneLine(`${path}: mode and owner ${was} -> ${is}`)}\n`;
}
