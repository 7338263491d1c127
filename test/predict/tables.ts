/** Both judges' results as tables in words and figures, for docs/predict. */
import { VERDICTS } from '../../src/core/netplan/plan.ts';
import type { Tried } from './guest/try-case.ts';
import { disagrees, type JudgedCase } from './rendering/run-cases.ts';

const SHOWN = 12;

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

export function renderingTable(cases: readonly JudgedCase[], release: string): string {
  const count = (test: (each: JudgedCase) => boolean): number => cases.filter(test).length;
  const refused = (each: JudgedCase): boolean => each.netplan !== 'accepted';
  const both = cases.filter((each) => !refused(each) && each.predicted === 'accepted');
  const equal = both.filter(({ differences }) => differences.length === 0).length;
  const lost = cases.filter(({ keepsAddress }) => keepsAddress === false).length;
  const bad = cases.filter(disagrees).toSorted((a, b) => a.number - b.number);
  const missed = cases.filter(({ verdict, keepsAddress }) => keepsAddress === false && (verdict === 'safe' || verdict === 'caution')).map(({ number }) => number).toSorted((a, b) => a - b);
  return `netplan ${release}, ${cases.length} cases. By what it rendered the default card loses its address in ${lost} of them (${percent(lost, cases.length)}).

| | predicted: accepted | predicted: refused |
|---|---|---|
| netplan accepts | ${both.length} | ${count((each) => !refused(each) && each.predicted === 'refused')} |
| netplan refuses | ${count((each) => refused(each) && each.predicted === 'accepted')} | ${count((each) => refused(each) && each.predicted === 'refused')} |

Of what it refuses ${percent(count((each) => refused(each) && each.predicted === 'refused'), count(refused))} was predicted to be refused (${count(({ netplan }) => netplan === 'crashed')} of them it ends on by a crash). Of what both accept,
${equal} of ${both.length} (${percent(equal, both.length)}) are equal: addresses, DHCP, routes, rules, matches, name servers, MTU, activation. ${both.filter(({ unknown }) => unknown > 0).length} of them have a part that the
prediction calls unknown.

| verdict | keeps the address by the rendering | loses it | refused |
|---|---|---|---|
${VERDICTS.map((verdict) => `| ${verdict} | ${[true, false, null].map((keeps) => count((each) => each.verdict === verdict && each.keepsAddress === keeps)).join(' | ')} |`).join('\n')}
${missed.length === 0 ? '' : `\nLoses it, and is called safe or caution: ${missed.join(', ')}.\n`}${bad.length === 0 ? '' : `\nThose that differ (\`npm run predict -- a case=NUMBER\`):\n\n${bad.map(renderingLine).join('\n')}\n`}`;
}

export function renderingLine({ number, netplan, predicted, differences, said, weSaid }: JudgedCase): string {
  if (differences.length > 0) return `- ${number}: ${differences.slice(0, 3).join('; ')}${differences.length > 3 ? `; and ${differences.length - 3} more` : ''}`;
  return `- ${number}: netplan ${netplan}${said === '' ? '' : ` (${oneLine(said)})`}, predicted ${predicted}${weSaid === '' ? '' : ` (${weSaid})`}`;
}

export function oneLine(said: string): string {
  return said.split('\n').map((line) => line.trim()).filter((line) => line !== '' && line !== '^').slice(-2).join(' / ').slice(0, 200);
}

export interface Rates {
  readonly safeButLost: readonly Tried[];
  readonly falseAlarms: readonly Tried[];
  readonly alarms: number;
  readonly unknown: number;
  readonly otherAddresses: readonly Tried[];
}

export function rates(tried: readonly Tried[]): Rates {
  const alarms = tried.filter(({ verdict }) => verdict === 'lockout' || verdict === 'caution');
  return {
    safeButLost: tried.filter(({ verdict, happened }) => verdict === 'safe' && happened === 'locked out'),
    falseAlarms: alarms.filter(({ happened }) => happened === 'nothing'), alarms: alarms.length,
    unknown: tried.filter(({ verdict }) => verdict === 'unknown').length,
    otherAddresses: tried.filter(({ addresses }) => addresses.length > 0),
  };
}

export function guestTable(tried: readonly Tried[]): string {
  const count = (verdict: string, happened: string): number => tried.filter((each) => each.verdict === verdict && each.happened === happened).length;
  const { safeButLost, falseAlarms, alarms, unknown, otherAddresses } = rates(tried);
  const lost = tried.filter(({ happened }) => happened === 'locked out').length;
  const other = tried.filter(({ verdict, happened, predicted, accepted }) => (verdict === 'lockout' && happened === 'something') || (verdict === 'caution' && happened === 'locked out') || (predicted === 'accepted') !== accepted);
  const seconds = (pick: (each: Tried) => number): string => {
    const sorted = tried.map(pick).toSorted((a, b) => a - b);
    return `${(sorted[sorted.length >> 1] ?? 0).toFixed(1)} (at most ${(sorted.at(-1) ?? 0).toFixed(1)})`;
  };
  return `${tried.length} cases, ${tried.filter(({ how }) => how === 'apply').length} of them by \`netplan apply\`; the host lost the guest in ${lost} (${percent(lost, tried.length)}). Something: anything else in the guest's addresses,
routes, rules, name servers or links. What was called safe, and what had not happened at once, was looked at again as the next boot would
have it (cards down and bare, networkd begun anew): ${tried.filter(({ when }) => when === 'boot').length} of what happened came only then.

| predicted | nothing happened | something | locked out |
|---|---|---|---|
${VERDICTS.map((verdict) => `| ${verdict} | ${['nothing', 'something', 'locked out'].map((happened) => count(verdict, happened)).join(' | ')} |`).join('\n')}

Safe, but locked out: ${safeButLost.length}. Lockout or caution, but nothing happened: ${falseAlarms.length} of ${alarms} (${percent(falseAlarms.length, alarms)}). Unknown: ${unknown} of ${tried.length} (${percent(unknown, tried.length)}).
The guest then had exactly the addresses that were predicted in ${percent(tried.length - otherAddresses.length, tried.length)}.

Seconds, median: to apply ${seconds(({ seconds: { put } }) => put)}, until it had settled ${seconds(({ seconds: { settle } }) => settle)}, to put it back ${seconds(({ seconds: { restore } }) => restore)}.
${listed('Safe, but locked out', safeButLost)}${listed('Lockout or caution, but nothing happened', falseAlarms)}${listed('Other addresses than predicted', otherAddresses)}${listed('Between the classes: a lockout that was less, a caution that was more, a refusal that was none or one that was not foreseen', other)}`;
}

function listed(what: string, tried: readonly Tried[]): string {
  return tried.length === 0 ? '' : `\n${what} (\`npm run predict -- b case=NUMBER\`):\n\n${tried.map(guestLine).join('\n')}\n`;
}

export function guestLine({ number, how, verdict, findings, happened, when, changes, addresses, said }: Tried): string {
  return `- ${number} (${how}): ${verdict} [${[...new Set(findings)].join(', ')}], ${happened}${when === 'boot' ? ' (at the next boot)' : ''}: ${[...changes, ...addresses].slice(0, SHOWN).join('; ')}${said === '' ? '' : `; netplan: ${said.slice(0, 160)}`}`;
}
