/** Shell globs as networkd matches names and drivers by (fnmatch(3) without flags). The time grows with pattern times text. */

export function globMatches(pattern: string, text: string): boolean {
  const parts = partsOf(pattern);
  // Which parts of the pattern can be reached with what was read so far.
  let reached = closure(parts, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const part = parts[at];
      if (part === undefined) continue;
      if (part === '*') next.add(at);
      else if (part(character)) next.add(at + 1);
    }
    reached = closure(parts, next);
  }
  return reached.has(parts.length);
}

type Part = '*' | ((character: string) => boolean);

function closure(parts: readonly Part[], reached: Set<number>): Set<number> {
  for (const at of reached) if (parts[at] === '*') reached.add(at + 1);
  return reached;
}

function partsOf(pattern: string): Part[] {
  const characters = Array.from(pattern);
  const parts: Part[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '*') {
      if (parts.at(-1) !== '*') parts.push('*');
    } else if (character === '?') {
      parts.push(() => true);
    } else if (character === '[') {
      const close = characters.indexOf(']', at + (/[!^]/.test(characters[at + 1] ?? '') ? 3 : 2));
      if (close < 0) {
        parts.push((each) => each === '[');
        continue;
      }
      parts.push(oneOf(characters.slice(at + 1, close)));
      at = close;
    } else {
      const literal = character === '\\' && at + 1 < characters.length ? (characters[at += 1] ?? '') : character;
      parts.push((each) => each === literal);
    }
  }
  return parts;
}

function oneOf(inside: readonly string[]): (character: string) => boolean {
  const not = inside[0] === '!' || inside[0] === '^';
  const members = not ? inside.slice(1) : inside;
  return (character) => {
    let found = false;
    for (let at = 0; at < members.length; at += 1) {
      const [from = '', dash, to] = members.slice(at, at + 3);
      if (dash === '-' && to !== undefined) {
        found ||= from <= character && character <= to;
        at += 2;
      } else {
        found ||= from === character;
      }
    }
    return found !== not;
  };
}
