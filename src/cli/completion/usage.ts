/** Reads from a command's usage line what may stand at its next place. The line is for people; here it is the only source. */

export type Place =
  | { readonly kind: 'word'; readonly word: string }
  /** `<name>`, `<image>`: what stands in the brackets. */
  | { readonly kind: 'value'; readonly of: string };

interface Token {
  /** One of these. */
  readonly places: readonly Place[];
  /** `<name>...`: it may come again. */
  readonly repeats: boolean;
}

/** @param usage  as in `list | build [<image>] | delete <template>`  @param given  the arguments before this one */
export function nextPlaces(usage: string, given: readonly string[]): Place[] {
  return usage.split(' | ').flatMap((form) => {
    const tokens = form.split(/\s+/).flatMap(readToken);
    const last = tokens.at(-1);
    const at = (index: number): Token | undefined => tokens[index] ?? (last?.repeats ? last : undefined);
    const fits = given.every((word, index) => {
      return at(index)?.places.some((place) => place.kind === 'value' || place.word === word) ?? false;
    });
    const next = fits ? at(given.length) : undefined;
    return next ? next.places : [];
  });
}

/** `[<name>...]`, `<key>[=<value>]`, `build`, `install|remove`; `[--]` is no argument. */
function readToken(text: string): Token[] {
  const value = /<([^>]+)>(\.\.\.)?/.exec(text);
  if (value) return [{ places: [{ kind: 'value', of: value[1] ?? '' }], repeats: value[2] !== undefined }];
  const words = text.replace(/^\[|\]$/g, '').split('|').filter((word) => /^[a-z][a-z-]*$/.test(word));
  return words.length === 0 ? [] : [{ places: words.map((word) => ({ kind: 'word' as const, word })), repeats: false }];
}
