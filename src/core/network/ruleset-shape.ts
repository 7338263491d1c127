/** How much there is in each chain and set of nftables text, ours or what `nft list` makes of it: enough to see that something was flushed, whatever the kernel's wording. */

/** @returns `input 8`, sorted */
export function shapeOf(rules: string): readonly string[] {
  const chains = [...rules.matchAll(/chain (\S+) \{\n((?:.*\n)*?)\s*\}\n/g)].map(([, name = '', body = '']) =>
    `${name} ${body.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('type ')).length}`);
  const sets = [...rules.matchAll(/set (\S+) \{[^{}]*(?:\{([^{}]*)\})?/g)].map(([, name = '', elements = '']) => `${name} ${elements.split(',').filter((each) => each.trim() !== '').length}`);
  return [...chains, ...sets].toSorted();
}
