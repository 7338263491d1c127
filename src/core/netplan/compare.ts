/** Judges a change: what a guest has by its files of now, against what it will have by other ones. */
import type { GuestFacts, GuestLink } from './facts.ts';
import { carriersOf, type Carriers } from './carriers.ts';
import { addressFindings } from './judge-addresses.ts';
import { controlFindings } from './judge-control.ts';
import { otherLinkFindings } from './judge-links.ts';
import { routeFindings } from './judge-routes.ts';
import { MATCHES_NOTHING } from './notices.ts';
import { placed, VERDICTS, worst, type Finding, type InterfaceChange, type Plan } from './plan.ts';
import type { Note, PredictedLink, Prediction } from './prediction.ts';

/** What every judge of a part looks at. */
export interface Change {
  readonly before: Prediction;
  readonly after: Prediction;
  readonly facts: GuestFacts;
  readonly now: GuestLink | null;
  readonly carriers: { readonly before: Carriers; readonly after: Carriers };
}

export function compare(before: Prediction, after: Prediction, facts: GuestFacts): Plan {
  const now = facts.links.find(({ permanentMac, mac }) => (permanentMac ?? mac)?.toLowerCase() === facts.control.mac.toLowerCase()) ?? null;
  const notes = notesOf(before, after);
  if (after.refused) {
    const { code, message, place } = after.refused;
    const refusal: Finding = {
      code, verdict: 'invalid', ...placed(place), family: null, interface: null, reason: message,
      remedy: 'correct it; until then netplan would configure nothing of these files',
    };
    return {
      verdict: 'invalid', refused: after.refused, findings: inOrder([refusal, ...notes]),
      interfaces: interfacesOf(before, null, facts),
    };
  }
  const name = now?.name ?? null;
  const change: Change = { before, after, facts, now, carriers: { before: carriersOf(before, facts.control, name), after: carriersOf(after, facts.control, name) } };
  const findings = [
    ...notes, ...controlFindings(change), ...addressFindings(change), ...routeFindings(change), ...otherLinkFindings(change),
  ];
  return { verdict: worst(findings.map(({ verdict }) => verdict)), findings: inOrder(findings), interfaces: interfacesOf(before, after, facts), refused: null };
}

/** netplan accepts a definition of an interface that is not there, and waits for it. Where a change brings such a definition, its name is mistyped, or the interface is still to come. */
function notesOf(before: Prediction, { notes }: Prediction): Finding[] {
  const known = new Set(before.notes.filter(({ code }) => code === MATCHES_NOTHING).map(({ definition }) => definition));
  return notes.map((note) => fromNote(note.code === MATCHES_NOTHING && !known.has(note.definition) ? { ...note, verdict: 'caution' } : note));
}

function fromNote({ code, verdict, message, remedy, place, definition }: Note): Finding {
  return { code, verdict, ...placed(place), family: null, interface: definition, reason: message, remedy };
}

function inOrder(findings: readonly Finding[]): Finding[] {
  const rank = ({ verdict }: Finding): number => -VERDICTS.indexOf(verdict);
  return findings.toSorted((a, b) => rank(a) - rank(b));
}

function interfacesOf(before: Prediction, after: Prediction | null, facts: GuestFacts): InterfaceChange[] {
  const names = [...new Set([...before.links, ...(after?.links ?? [])].map((link) => link.name))];
  return names.map((name) => {
    const [was, will] = [before, after ?? before].map(({ links }) => links.find((link) => link.name === name) ?? null);
    const present = facts.links.find((link) => link.name === name);
    const mac = present?.mac ?? will?.mac ?? was?.mac ?? null;
    const kind = present?.kind ?? will?.kind ?? 'virtual';
    const isDefault = (present?.permanentMac ?? present?.mac)?.toLowerCase() === facts.control.mac.toLowerCase() && kind === 'ethernet';
    return {
      name, mac, role: isDefault ? 'default' : kind === 'loopback' ? 'loopback' : kind === 'virtual' ? 'virtual' : 'extra',
      before: was ?? null, after: will ?? null, changed: essence(was) !== essence(will),
    };
  });
}

/** What is compared: not where it was written. */
function essence(link: PredictedLink | null | undefined): string {
  if (!link) return '';
  const { up, managedBy, memberOf, dhcp4, dhcp6, acceptRa, linkLocal, addresses, routes, dns, mtu, mac } = link;
  return JSON.stringify({
    up, managedBy, memberOf, dhcp4, dhcp6, acceptRa, linkLocal, dns, mtu, mac,
    addresses: addresses.map((each) => ({ ...each, place: null })), routes: routes.map((each) => ({ ...each, place: null })),
  });
}
