/** What a network change would do, for people and for programs. */
import type { Advice } from '../../core/netplan/advise.ts';
import type { Finding, InterfaceChange, Plan } from '../../core/netplan/plan.ts';
import type { PredictedLink } from '../../core/netplan/prediction.ts';
import { csvLine } from './csv.ts';
import type { Format } from './format.ts';
import { toJson, type Json } from './json.ts';
import { oneLine, plain } from './plain.ts';
import { table } from './table.ts';
import { toYaml } from './yaml.ts';

/** @param advice  the two ways out, for a lockout */
export function renderPlan(plan: Plan, advice: Advice | null, format: Format): string {
  return RENDER[format](plan, advice);
}

const SAYS = {
  safe: 'safe: the host goes on reaching the guest where it does now',
  caution: 'caution: the host goes on reaching the guest, but look at what is said above',
  unknown: 'unknown: whether the host goes on reaching the guest cannot be told',
  lockout: 'LOCKOUT: the host would not reach the guest any more where it does now',
  invalid: 'INVALID: this is refused',
} as const satisfies Record<Plan['verdict'], string>;

const RENDER = {
  table(plan: Plan, advice: Advice | null): string {
    const parts = [plan.findings.map(spoken).join('')];
    if (plan.interfaces.length > 0 && plan.refused === null) {
      parts.push(table(
        [{ title: 'Interface' }, { title: 'Role' }, { title: 'Before' }, { title: 'After' }],
        plan.interfaces.filter(({ role }) => role !== 'loopback').flatMap(rowsOf),
      ));
    }
    parts.push(`${SAYS[plan.verdict]}\n`);
    if (advice) parts.push(plain(advice.way1), plain(advice.way2));
    return parts.filter((part) => part !== '').join('\n');
  },
  json: (plan: Plan, advice: Advice | null): string => toJson(asJson(plan, advice)),
  yaml: (plan: Plan, advice: Advice | null): string => toYaml(asJson(plan, advice)),
  csv: ({ findings }: Plan): string => csvLine(['Verdict', 'Code', 'File', 'Line', 'Column', 'Family', 'Interface', 'Reason', 'Remedy'])
    + findings.map((each) => csvLine([each.verdict, each.code, each.file ?? '', each.line ?? '', each.column ?? '', each.family ?? '', each.interface ?? '', oneLine(each.reason), oneLine(each.remedy ?? '')])).join(''),
};

const WIDTH = 10;

function spoken({ verdict, file, line, column, family, reason, remedy }: Finding): string {
  const place = file === null ? '' : `${oneLine(file)}:${line ?? 0}:${column ?? 0}: `;
  const shout = verdict === 'lockout' || verdict === 'invalid' ? verdict.toUpperCase() : verdict;
  const said = `${shout.padEnd(WIDTH)}${place}${family === null ? '' : `IPv${family}: `}${oneLine(reason)}\n`;
  return remedy === null ? said : `${said}${' '.repeat(WIDTH)}remedy: ${oneLine(remedy)}\n`;
}

function rowsOf({ name, role, before, after, changed }: InterfaceChange): string[][] {
  const [was, will] = [inWords(before), changed ? inWords(after) : ['the same']];
  return Array.from({ length: Math.max(was.length, will.length) }, (_, at) => [at === 0 ? oneLine(name) : '', at === 0 ? role : '', was[at] ?? '', will[at] ?? '']);
}

function inWords(link: PredictedLink | null): string[] {
  if (link === null) return ['--'];
  if (link.managedBy === 'unknown') return ['unknown'];
  if (link.managedBy === 'nobody') return ['configured by nobody'];
  const facts = [
    ...(link.up ? [] : ['down']),
    ...(link.memberOf === null ? [] : [`port of ${link.memberOf}`]),
    ...link.addresses.map(({ address, prefix, how }) => (address === null ? `an address by ${how}` : `${address}${prefix === null ? '' : `/${prefix}`} (${how})`)),
    ...link.routes.filter(({ to }) => to === 'default').map(({ via, metric }) => `default${via === null ? '' : ` via ${via}`}, metric ${metric}`),
    ...(link.dns.length > 0 ? [`DNS ${link.dns.join(', ')}`] : []),
  ];
  return facts.length > 0 ? facts.map((fact) => oneLine(fact)) : ['no address'];
}

function asJson(plan: Plan, advice: Advice | null): { readonly [key: string]: Json } {
  return {
    verdict: plan.verdict,
    findings: plan.findings.map(({ code, verdict, file, line, column, family, interface: name, reason, remedy }) => ({ code, verdict, file, line, column, family, interface: name, reason, remedy })),
    interfaces: plan.interfaces.map(({ name, mac, role, changed, before, after }) => ({ name, mac, role, changed, before: linkJson(before), after: linkJson(after) })),
    ...(advice ? { way_1: advice.way1, way_2: advice.way2 } : {}),
  };
}

function linkJson(link: PredictedLink | null): Json {
  if (link === null) return null;
  const { definition, managedBy, up, memberOf, dhcp4, dhcp6, acceptRa, addresses, routes, dns, mtu } = link;
  return {
    definition, managed_by: managedBy, up, member_of: memberOf, dhcp4, dhcp6, accept_ra: acceptRa, dns, mtu,
    addresses: addresses.map(({ address, prefix, family, how }) => ({ address, prefix, family, how })),
    routes: routes.map(({ family, to, via, metric, table: number, type, how, reachable }) => ({ family, to, via, metric, table: number, type, how, set: reachable })),
  };
}
