/**
 * The tokens of an identity: strings that occur in a guest only because it is this guest. A fork is made its own by
 * writing its tokens where the template's stand, so both must give theirs in the same order.
 */

export interface GuestIdentity {
  readonly name: string;
  readonly instanceId: string;
  readonly mac: string;
  readonly keys: Readonly<Record<'control' | 'session' | 'proxy' | 'laneHost' | 'guestHost', { readonly privateKey: string; readonly publicKey: string }>>;
}

/** A shorter string could be something else's as well; the guest refuses such a token too. */
const LEAST_LENGTH = 12;
/** The same in every key of its kind. */
const COMMON = /^-----|^b3BlbnNzaC1rZXktdjE/;

/** The template's tokens, each with the fork's. @throws TypeError */
export function forkTokens(template: GuestIdentity, fork: GuestIdentity): Record<string, string> {
  const ours = tokensOf(template);
  const theirs = strings(fork);
  if (ours.length !== theirs.length) throw new TypeError('the keys of a template and of its fork have not the same form');
  return Object.fromEntries(ours.map((old, index) => [old, theirs[index] ?? '']));
}

/** @throws TypeError when one is too short to be unmistakable: a bug */
export function tokensOf(template: GuestIdentity): string[] {
  const all = strings(template);
  const short = all.find((token) => token.length < LEAST_LENGTH);
  if (short !== undefined) throw new TypeError(`a token is too short to be unmistakable: ${short}`);
  return all;
}

function strings({ name, instanceId, mac, keys }: GuestIdentity): string[] {
  return [
    name, instanceId, mac,
    ...[keys.control, keys.session, keys.proxy, keys.laneHost, keys.guestHost].map(({ publicKey }) => publicKey.split(' ')[1] ?? ''),
    // In the seed and in cloud-init's records a key's lines stand indented, or with an escaped end: each is a token.
    ...[keys.laneHost, keys.guestHost].flatMap(({ privateKey }) => privateKey.trim().split('\n').filter((line) => !COMMON.test(line))),
  ];
}
