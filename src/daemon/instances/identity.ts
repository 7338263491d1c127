/** Fresh identities: ids, MACs and names nobody has. */
import { randomBytes, randomInt } from 'node:crypto';

export function freshId(taken: ReadonlySet<string>): string {
  for (;;) {
    const id = randomBytes(4).toString('hex');
    if (!taken.has(id)) return id;
  }
}

/** QEMU's locally assigned prefix, as Multipass uses it too. */
export function freshMac(taken: ReadonlySet<string>): string {
  for (;;) {
    const mac = ['52', '54', '00', ...[...randomBytes(3)].map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
    if (!taken.has(mac)) return mac;
  }
}

const HOW = ['brisk', 'calm', 'clear', 'deep', 'fair', 'firm', 'glad', 'keen', 'kind', 'light', 'merry', 'mild', 'neat', 'quick', 'quiet', 'sound', 'still', 'swift', 'tidal', 'warm'];
/** What lives on a rocky shore. */
const WHO = ['anemone', 'barnacle', 'bladderwrack', 'conch', 'cormorant', 'crab', 'dulse', 'eider', 'gannet', 'kelp', 'laver', 'limpet', 'mussel', 'otter', 'oyster', 'plover', 'prawn', 'puffin', 'urchin', 'whelk'];

export function petName(taken: ReadonlySet<string>): string {
  for (let tries = 0; ; tries += 1) {
    const name = `${pick(HOW)}-${pick(WHO)}${tries < 50 ? '' : `-${tries}`}`;
    if (!taken.has(name)) return name;
  }
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? '';
}
