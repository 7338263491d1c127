/** The order in which people are shown instances: the primary first, then by name. */

export function inOrder<T extends { readonly name: string }>(instances: readonly T[], primary: string): readonly T[] {
  return instances.toSorted((a, b) => rank(a, primary) - rank(b, primary) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** By their instances, and as they were taken. */
export function snapshotsInOrder<T extends { readonly instance: string }>(snapshots: readonly T[], primary: string): readonly T[] {
  return inOrder([...new Set(snapshots.map(({ instance }) => instance))].map((name) => ({ name })), primary).flatMap(({ name }) => snapshots.filter(({ instance }) => instance === name));
}

function rank({ name }: { readonly name: string }, primary: string): number {
  return name === primary ? 0 : 1;
}
