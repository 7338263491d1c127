/** Judge B, one case: what was predicted of a change, and what it then did to a real guest. */
import { compare } from '../../../src/core/netplan/compare.ts';
import { predict } from '../../../src/core/netplan/predict.ts';
import type { GuestFacts } from '../../../src/core/netplan/facts.ts';
import type { Verdict } from '../../../src/core/netplan/plan.ts';
import type { Prediction } from '../../../src/core/netplan/prediction.ts';
import { caseOf, changesOf } from '../cases/cases.ts';
import { plainAddress } from '../rendering/settings.ts';
import { seenFacts } from './facts.ts';
import type { Seen } from './helper.ts';
import { patiently } from '../../real/home.ts';
import type { Lab } from './lab.ts';
import { reaches } from './reach.ts';
import { addressDifferences, whatHappened, type Outcome } from './what-happened.ts';

export interface Tried {
  readonly number: number;
  readonly how: 'reload' | 'apply';
  readonly verdict: Verdict;
  /** Codes of the findings that made the verdict. */
  readonly findings: readonly string[];
  /** All findings, in words. */
  readonly reasons: readonly string[];
  readonly happened: Outcome['happened'];
  /** It came at once, or would come with the next boot. */
  readonly when: 'at once' | 'boot';
  readonly changes: readonly string[];
  /** The guest's addresses are others than predicted. */
  readonly addresses: readonly string[];
  readonly predicted: 'accepted' | 'refused';
  readonly accepted: boolean;
  /** Of netplan, where it refused. */
  readonly said: string;
  readonly seconds: { readonly put: number; readonly settle: number; readonly restore: number };
}

/** Of real guests few files that are refused at once are tried: that is judge A's. */
const DEFECTS_PERCENT = 4;
/** Every seventh by `netplan apply`, which is slower. */
const APPLY_EVERY = 7;
/** Until an address that is not there counts as gone, and one that is to be there as missing. */
const GONE_S = 8;
const MISSING_S = 20;
const RESTORE_S = 40;
/** From the least. */
const HARM: readonly Outcome['happened'][] = ['nothing', 'something', 'locked out'];

export function changeFor(lab: Pick<Lab, 'guest'>, seed: number, number: number): ReturnType<typeof caseOf<import('../cases/cases.ts').Change>> {
  return caseOf(changesOf(lab.guest, DEFECTS_PERCENT), seed, number);
}

/** @throws when the guest cannot be put back to what it was: then another is needed */
export async function tryCase(lab: Lab, seed: number, number: number): Promise<Tried> {
  const { helper, guest, before } = lab;
  const facts = seenFacts(before, guest, lab.versions);
  const change = changeFor(lab, seed, number);
  const predicted = predict(change.after, facts);
  const plan = compare(predict(lab.files, facts), predicted, facts);
  const how = number % APPLY_EVERY === APPLY_EVERY - 1 ? 'apply' : 'reload';
  const startedAt = performance.now();
  const { code, said } = await helper.put(change.after, how, guest.cards.map(({ name }) => name));
  const put = (performance.now() - startedAt) / 1000;
  const expected = expectedAddresses(predicted, facts);
  const early = expected.some(([, address]) => address === facts.control.addresses[0]) ? 0 : patiently(GONE_S);
  const judged = async (): Promise<Seen & Outcome & { readonly seconds: number }> => {
    const { seconds } = await helper.settle(expected, early, patiently(MISSING_S));
    const reached = Object.fromEntries(await Promise.all(facts.control.addresses.map(async (address) => [address, await reaches(lab.bridge, address)] as const)));
    const after = await helper.look();
    return { ...after, ...whatHappened(before, after, reached), seconds };
  };
  const atOnce = await judged();
  // What comes with the next boot counts too: nothing called safe may lock the host out then, and what is foretold may come then.
  const boots = predicted.refused === null && (plan.verdict === 'safe' || (plan.verdict !== 'invalid' && atOnce.happened === 'nothing'));
  if (boots) await helper.beginAnew();
  const atBoot = boots ? await judged() : atOnce;
  const outcome = HARM.indexOf(atBoot.happened) > HARM.indexOf(atOnce.happened) ? atBoot : atOnce;
  const restored = await helper.restore(how === 'apply', patiently(RESTORE_S));
  if (!restored.same) throw new Error(`case ${number}: the guest could not be put back: ${JSON.stringify(restored.differs)}`);
  return {
    number, how, verdict: plan.verdict, findings: plan.findings.filter(({ verdict }) => verdict === plan.verdict).map(({ code }) => code),
    reasons: plan.findings.map(({ code, verdict, reason }) => `${verdict} ${code}: ${reason}`),
    happened: outcome.happened, when: outcome === atOnce ? 'at once' : 'boot', changes: outcome.changes,
    addresses: code === 0 && predicted.refused === null ? addressDifferences(predicted, before, atOnce) : [],
    predicted: predicted.refused === null ? 'accepted' : 'refused', accepted: code === 0, said: code === 0 ? '' : said.trim().split('\n').slice(-3).join(' '),
    seconds: { put, settle: atOnce.seconds, restore: restored.seconds },
  };
}

/** Those that are known beforehand, the default card's lease among them. */
function expectedAddresses({ links, refused }: Prediction, facts: GuestFacts): [string, string][] {
  if (refused !== null) return facts.links.flatMap(({ name, addresses }) => addresses.filter(({ scope }) => scope === 'global').map(({ address }): [string, string] => [name, address]));
  return links.filter(({ managedBy, kind }) => managedBy !== 'unknown' && kind !== 'loopback').flatMap(({ name, mac, addresses }) => addresses.flatMap(({ address, family, how }): [string, string][] => {
    if (address !== null) return how === 'link-local' ? [] : [[name, plainAddress(address)]];
    const given = family === 4 ? (mac === facts.control.mac ? facts.control.network : facts.otherNetworks[mac ?? ''])?.gives[0] : undefined;
    return given === undefined ? [] : [[name, given]];
  }));
}
