/** What a change would do: predicted of the guest's files and links, before anything is changed. */
import type { WireNetworkPlan, WireNetworkWish } from '../../../api/network-schemas.ts';
import { fail } from '../../../core/errors.ts';
import { advise } from '../../../core/netplan/advise.ts';
import { compare } from '../../../core/netplan/compare.ts';
import { MATCHES_NOTHING } from '../../../core/netplan/notices.ts';
import type { Finding, Plan } from '../../../core/netplan/plan.ts';
import { predict } from '../../../core/netplan/predict.ts';
import type { Prediction } from '../../../core/netplan/prediction.ts';
import type { GuestFile } from '../../../core/network/revision.ts';
import type { House } from '../../instances/house.ts';
import { ETC, filesAfter, type FileChanges } from './guest-network.ts';
import { situation, type Situation } from './situation.ts';

export interface Judged {
  readonly before: Prediction;
  readonly after: Prediction;
  readonly plan: Plan;
}

export function predicted(files: readonly GuestFile[], { facts }: Pick<Situation, 'facts'>): Prediction {
  return predict(files.map(({ path, content }) => ({ path, text: content })), facts);
}

export function judge(stands: Situation, changes: FileChanges): Judged {
  const before = predicted(stands.look.files, stands);
  const after = predicted(filesAfter(stands.look.files, changes), stands);
  return { before, after, plan: compare(before, after, stands.facts) };
}

/** One more file, or one instead of all others. */
export function changesOf({ file, text, replace }: WireNetworkWish, files: readonly GuestFile[]): FileChanges {
  const path = `${ETC}${file}`;
  const there = files.find((each) => each.path === path);
  const others = replace ? files.filter((each) => each.path !== path && !each.path.startsWith('/lib/')).map((each) => each.path) : [];
  return { write: [{ path, mode: there?.mode ?? 0o600, uid: there?.uid ?? 0, gid: there?.gid ?? 0, content: text }], setAside: others };
}

export async function planChange(house: House, name: string, wish: WireNetworkWish, signal: AbortSignal): Promise<WireNetworkPlan> {
  const stands = await situation(house, house.registry.require(name), signal);
  const { plan, after } = judge(stands, changesOf(wish, stands.look.files));
  return { from: stands.from, at: stands.at, plan, definitions: after.definitions, ways: plan.verdict === 'lockout' ? advise(plan, stands.facts) : null };
}

/**
 * Nothing that is wrong goes into a guest, and nothing that locks out unless it is meant.
 * @throws netplan-invalid, netplan-lockout
 */
export function requireSound(name: string, { plan }: Judged, allowLockout: boolean): void {
  if (plan.verdict === 'invalid') {
    const finding = plan.findings.find(({ verdict }) => verdict === 'invalid');
    throw fail('netplan-invalid', `nothing was changed: ${finding ? told(finding) : plan.refused?.message ?? 'netplan would refuse it'}`, { hint: finding?.remedy ?? 'correct the file' });
  }
  if (plan.verdict !== 'lockout' || allowLockout) return;
  const finding = plan.findings.find(({ verdict }) => verdict === 'lockout');
  throw fail('netplan-lockout', `nothing was changed: this would lock ${name} out: ${finding ? told(finding) : 'its default interface loses the address that the host uses'}`, {
    hint: `two ways to do it without: holdfast net plan ${name} <file>; to do it on purpose: --yes-lockout`,
  });
}

/**
 * Nothing that waits for a card which is not there; one that did so before may.
 * @throws net-refused
 */
export function requireCards(name: string, { plan }: Judged, { write }: FileChanges, { facts }: Situation): void {
  const finding = plan.findings.find(({ code, verdict, file }) => code === MATCHES_NOTHING && verdict !== 'safe' && write.some(({ path }) => path === file));
  if (!finding) return;
  const cards = facts.links.filter(({ kind }) => kind !== 'virtual').map((link) => link.name);
  throw fail('net-refused', `nothing was changed: ${told(finding)}`, { hint: `${name} has ${cards.join(', ')}; a card that is to come is plugged in first: holdfast net attach ${name} <network>` });
}

/** What should be known before it is done, or after: not what is safe. */
export function warnings({ plan }: Judged): string[] {
  return plan.findings.filter(({ verdict }) => verdict !== 'safe').map((finding) => `${finding.verdict}: ${told(finding)}${finding.remedy === null ? '' : `; ${finding.remedy}`}`);
}

function told({ file, line, column, reason }: Finding): string {
  return file === null ? reason : `${file}:${line ?? 1}:${column ?? 1}: ${reason}`;
}
