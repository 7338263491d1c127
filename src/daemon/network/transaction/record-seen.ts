/** What is seen in a guest's /etc/netplan becomes history: what it was launched with, and what somebody changed in it by hand. */
import { changedFiles, type FileChange, type GuestFile } from '../../../core/network/revision.ts';
import type { ExtraCard } from '../../../core/instance.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';

/** @param files  of /etc/netplan, all of them */
export function recordSeen(house: House, supervisor: Supervisor, files: readonly GuestFile[]): void {
  const { id, name } = supervisor;
  const { history } = house;
  const last = history.standing(id);
  const revision = { at: new Date().toISOString(), command: null, transaction: null, outcome: 'seen', reason: null, files } as const;
  if (last === undefined) {
    history.add(id, { ...revision, origin: 'launch' });
    return;
  }
  const changes = changedFiles(last.files, files);
  // What a transaction of ours is just putting there is recorded already.
  if (changes.length === 0) return;
  const armed = history.armed(id);
  if (armed && changedFiles(armed.files, files).length === 0) return;
  // cloud-init, or the user's own data, is still at it.
  if (supervisor.occupation?.kind === 'launch' && last.origin === 'launch') {
    history.replaceFiles(id, last.number, files);
    return;
  }
  const ofCards = cardsCommand(changes, supervisor.record.instance.spec.cards ?? []);
  if (ofCards !== undefined) {
    history.add(id, { ...revision, origin: 'holdfast', command: ofCards, outcome: 'committed' });
    return;
  }
  const number = history.add(id, { ...revision, origin: 'hand' });
  const what = `${name}'s netplan was changed by hand: ${changes.map(({ path, kind }) => `${path} was ${kind}`).join(', ')}`;
  const remedy = `what changed: holdfast net diff ${name} ${number}; as it was before: holdfast net restore ${name} ${last.number}`;
  house.events.publish({ type: 'instance-netplan', instance: name, revision: number, by: 'hand', files: changes.map(({ path }) => path), message: `${what}; ${remedy}` }, supervisor.owner);
  house.log.line(history.byHandSince(id, new Date(Date.now() - RECENT_MS).toISOString()) <= MOST_LINES ? `netplan ${number}` : 'netplan', name, what, remedy);
}

/** Each change has its line, unless a guest makes them by the dozen. */
const [MOST_LINES, RECENT_MS] = [6, 10 * 60_000];

const CARD_FILE = /^\/etc\/netplan\/60-holdfast-([0-9a-f]{12})\.yaml$/;

/** Files that guest/cards.ts has made or taken away with a card. @returns undefined when it was somebody else */
function cardsCommand(changes: readonly FileChange[], cards: readonly ExtraCard[]): string | undefined {
  const keys = new Set(cards.filter(({ mode, seeded }) => mode === 'auto' && !seeded).map(({ mac }) => mac.replaceAll(':', '')));
  const ours = changes.every(({ path, kind }) => {
    const key = CARD_FILE.exec(path)?.[1];
    return key !== undefined && kind === (keys.has(key) ? 'made' : 'removed');
  });
  if (!ours) return undefined;
  return changes.some(({ kind }) => kind === 'made') ? 'net attach' : 'net detach';
}
