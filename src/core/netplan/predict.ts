/**
 * Says what a set of netplan files makes of a guest. The rules are netplan's for what is merged and rendered, and networkd's for
 * what comes of it; what is not modelled is `unknown`, never left out.
 */
import { FOUND, type Definition } from './definition.ts';
import { definitionsOf } from './definitions.ts';
import type { GuestFacts, GuestLink, NetplanFile } from './facts.ts';
import { networkOf, type Asking } from './given-addresses.ts';
import { matchesOf, type Matched } from './matching.ts';
import { filesThatCount, merge } from './merge.ts';
import { noticeDefinitions } from './notices.ts';
import { predictLink } from './predict-link.ts';
import type { Note, PredictedLink, Prediction } from './prediction.ts';
import { Refused } from './refused.ts';
import { isUnknownVersion, rulesOf } from './versions.ts';

/** A network device's name has at most 15 characters. */
const LONGEST_NAME = 15;

/** Throws nothing: what netplan refuses is `refused`. */
export function predict(files: readonly NetplanFile[], facts: GuestFacts): Prediction {
  const rules = rulesOf(facts.netplanVersion);
  const notes: Note[] = [];
  const counting = filesThatCount(files);
  const paths = counting.map(({ path }) => path);
  try {
    const definitions = definitionsOf(merge(files, rules, (note) => notes.push(note)), rules);
    if (isUnknownVersion(rules) && definitions[0]) {
      notes.push({
        code: 'version-unknown', verdict: rules.version === null ? 'safe' : 'unknown', definition: null, remedy: null, place: definitions[0].place,
        message: rules.version === null ? 'the guest\'s version of netplan is not known; the newest known rules are used' : 'this version of netplan is older than those that are modelled',
      });
    }
    notes.push(...noticeDefinitions(definitions, facts));
    return { refused: null, notes, files: paths, definitions, links: predictLinks(definitions, facts) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { refused: error.refusal, notes, files: paths, definitions: [], links: [] };
  }
}

export function predictLinks(definitions: readonly Definition[], facts: GuestFacts): PredictedLink[] {
  // Where a card has the name already, nothing is made, and the file that is meant for it counts for the card.
  const cards = new Set(facts.links.filter(({ kind }) => kind !== 'virtual').map(({ name }) => name));
  const made = definitions.filter(({ id, type, renderer }) => !FOUND.has(type) && id.length <= LONGEST_NAME && renderer !== 'sriov' && !cards.has(id));
  const names = new Set(made.map(({ id }) => id));
  const found = facts.links.filter(({ name }) => !names.has(name)).map((link) => predictFound(link, definitions, facts));
  return [...found, ...made.map((definition) => predictMade(definition, definitions, facts))];
}

function predictFound(link: GuestLink, definitions: readonly Definition[], facts: GuestFacts): PredictedLink {
  const matched = matchesOf(link, definitions);
  const rendered = matched.filter(({ definition: { renderer, type } }) => (renderer === 'networkd' && facts.renderers.networkd) || (renderer === 'NetworkManager' && facts.renderers.networkManager) || type === 'nm-devices');
  const [first, ...others] = rendered;
  if (first === undefined) return nobodys(link, facts, matched[0]?.definition ?? null);
  const predicted = predictLink(askingOf(first.definition, link, facts), facts);
  // Of those that may match, the ones after one that surely does are of no account.
  const sure = rendered.findIndex(({ how }) => how === 'yes');
  const unsure = rendered.slice(0, sure < 0 ? rendered.length : sure)[0];
  return {
    ...predicted,
    passedOver: others.map(({ definition }) => definition.id),
    ...(unsure
      ? { managedBy: 'unknown' as const, unknown: [...predicted.unknown, { reason: whyMaybe(unsure, link), place: unsure.definition.places['set-name'] ?? unsure.definition.places['match'] ?? unsure.definition.place }] }
      : {}),
  };
}

function whyMaybe({ definition: { id, setName } }: Matched, { name }: GuestLink): string {
  return setName === null ? `whether ${id} matches ${name} depends on its driver, which is not known` : `${id} is to rename ${name} to ${setName}, which may not happen while it is up, and nothing configures it until then`;
}

function askingOf(definition: Definition, link: GuestLink | null, facts: GuestFacts): Asking {
  const own = link?.permanentMac ?? link?.mac ?? null;
  const mac = definition.macAddress?.toLowerCase() ?? null;
  return { definition, link, network: networkOf(own, facts), known: mac === null || mac === 'permanent' || mac === own?.toLowerCase() };
}

/** A bridge or bond is plugged in where its ports are, and is known there when it has the MAC of one of them. */
function predictMade(definition: Definition, definitions: readonly Definition[], facts: GuestFacts): PredictedLink {
  const link = facts.links.find(({ name }) => name === definition.id) ?? null;
  const isPort = definition.type === 'bridges' || definition.type === 'bonds';
  const ports = isPort ? facts.links.filter((each) => matchesOf(each, definitions)[0]?.definition.memberOf?.id === definition.id) : [];
  const mac = definition.macAddress?.toLowerCase() ?? null;
  const same = ports.find((port) => mac !== null && (port.permanentMac ?? port.mac)?.toLowerCase() === mac);
  const port = same ?? ports[0];
  const network = port ? networkOf(port.permanentMac ?? port.mac, facts) : null;
  // Its present lease counts too, where it is there already.
  const known = same !== undefined || (ports.length > 0 && mac === null && link !== null);
  const asking: Asking = { definition, link, known, network: same === undefined && network !== null ? { ...network, gives: [] } : network };
  return { ...predictLink(asking, facts), kind: 'virtual', exists: link !== null };
}

/** networkd takes what it gave from a card that no file of its matches; what is not its own it leaves alone. */
function nobodys(link: GuestLink, { foreignNetworkFiles }: GuestFacts, wanted: Definition | null): PredictedLink {
  const stays = link.kind !== 'ethernet' && link.kind !== 'wifi';
  const foreign = foreignNetworkFiles.length > 0 && !stays;
  return {
    name: link.name, mac: link.mac, kind: link.kind, exists: true, definition: wanted?.id ?? null, passedOver: [], managedBy: foreign ? 'unknown' : 'nobody', up: stays && link.up, memberOf: null,
    dhcp4: false, dhcp6: false, acceptRa: false, linkLocal: [],
    addresses: stays ? link.addresses.filter(({ scope }) => scope !== 'link').map(({ address, prefix, family, how }) => ({ address, prefix, family, how, place: null })) : [],
    routes: [], dns: stays ? link.dns : [], mtu: link.mtu,
    unknown: foreign ? [{ reason: `${foreignNetworkFiles[0] ?? ''} may match it`, place: null }] : [],
    place: wanted?.place ?? null,
  };
}
