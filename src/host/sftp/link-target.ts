/** Where a link leads that names a place in the shared directory by its full path on the host: the guest has another path for it. */

/**
 * @param root  of the shared directory on the host, absolute
 * @param link  path of the link beneath it
 * @returns the target as it leads to the same in the guest; others as they are
 */
export function targetInGuest(root: string, link: Buffer, target: Buffer): Buffer {
  const text = target.toString('latin1');
  const base = Buffer.from(root === '/' ? '' : root).toString('latin1');
  if (!text.startsWith('/') || (text !== base && !text.startsWith(`${base}/`))) return target;
  const names = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');
  const ups = names(link.toString('latin1')).slice(0, -1).map(() => '..');
  return Buffer.from([...ups, ...names(text.slice(base.length))].join('/') || '.', 'latin1');
}
