/** What a doctor found, for people and for programs. */
import type { WireDiagnosis } from '../../api/doctor-schemas.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson } from './json.ts';
import { oneLine } from './plain.ts';
import { toYaml } from './yaml.ts';

const MARKS = { ok: 'ok', warn: 'warn', broken: 'BROKEN', skipped: '-' } as const;
const REMEDY = 'remedy: ';

export function renderDiagnosis(diagnosis: WireDiagnosis, format: Format): string {
  return RENDER[format](diagnosis);
}

const RENDER = {
  table(diagnosis: WireDiagnosis): string {
    const { checks, fixes } = diagnosis;
    const width = Math.max(...checks.map(({ title }) => title.length), 0) + 3;
    const indent = ' '.repeat(9);
    const lines = checks.flatMap(({ title, status, seen, remedy }) => [
      `${MARKS[status].padEnd(9)}${oneLine(title).padEnd(width)}${oneLine(seen)}`,
      ...(remedy !== null && status !== 'ok' ? [`${indent}${REMEDY}${oneLine(remedy)}`] : []),
    ]);
    const done = fixes.flatMap(({ title, did, good, seen }) => [
      `fixed    ${oneLine(title)}: ${oneLine(did)}`,
      `${indent}${good ? 'it is well now' : 'it is still broken'}: ${oneLine(seen)}`,
    ]);
    return `${[...lines, ...(done.length > 0 ? ['', ...done] : []), '', verdict(diagnosis)].join('\n')}\n`;
  },
  json: ({ instance, cause, checks, fixes, tookMs }: WireDiagnosis): string => toJson({ instance, cause, checks, fixes, took_ms: tookMs }),
  csv: ({ checks }: WireDiagnosis): string =>
    csvLine(['Check', 'Layer', 'Status', 'Seen', 'Remedy', 'Fixable'])
    + checks.map(({ id, layer, status, seen, remedy, fixable }) => csvLine([id, layer, status, oneLine(seen), oneLine(remedy ?? ''), fixable])).join(''),
  yaml: ({ instance, cause, checks, fixes, tookMs }: WireDiagnosis): string => toYaml({ instance, cause, checks, fixes, took_ms: tookMs }),
};

function verdict({ instance, checks, cause }: WireDiagnosis): string {
  const subject = instance ?? 'this host';
  const first = checks.find(({ id }) => id === cause);
  const command = `holdfast doctor${instance === null ? '' : ` ${instance}`} --fix`;
  if (first) return `The first broken layer of ${subject}: ${oneLine(first.title)}: ${oneLine(first.seen)}\n${first.fixable ? `mend it: ${command}` : `${REMEDY}${oneLine(first.remedy ?? '')}`}`;
  return `Nothing is broken${instance === null ? ' on this host' : ` about ${instance}`}.`;
}
