/** Values that are a single text, by the kind of their key. */
import type { KeyKind } from './keys.ts';
import type { Node, ScalarNode } from './nodes.ts';
import { parseIp } from './address.ts';
import { refuse } from './refused.ts';
import { checkIp, checkMac, checkName, checkWantedMac, quoted, readBool, readUint } from './values.ts';
import type { Rules } from './versions.ts';

export function scalarOf(node: Node): ScalarNode {
  return node.kind === 'scalar' ? node : refuse('wrong-type', 'a single value is wanted here', node.place);
}

/** @throws Refused when the text is not of that kind */
export function checkSimple(kind: KeyKind, { text, place }: ScalarNode, rules: Rules): void {
  if (typeof kind === 'object') {
    if ('oneOf' in kind && !kind.oneOf.includes(text)) refuse('bad-value', `${quoted(text)} is none of: ${kind.oneOf.join(', ')}`, place);
    return;
  }
  switch (kind) {
    case 'bool': readBool(text, place); return;
    case 'uint': readUint(text, place); return;
    case 'tos': if (readUint(text, place) > 255) refuse('bad-value', `${quoted(text)} is not between 0 and 255`, place); return;
    case 'ip4': checkIp(text, [4], place); return;
    case 'ip6': checkIp(text, [6], place); return;
    case 'ip': checkIp(text, [4, 6], place); return;
    case 'token': if (parseIp(text)?.family !== 6) refuse('bad-value', `${quoted(text)} is no IPv6 token, such as ::5`, place); return;
    case 'permanent-mac': checkMac(text, place); return;
    case 'mac': checkWantedMac(text, rules, place); return;
    case 'name': checkName(text, place); return;
    case 'domains-use': case 'text': default: 
  }
}
