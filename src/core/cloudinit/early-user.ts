/**
 * Decides whether Holdfast makes the default user itself, before the network is up. cloud-init makes users in its
 * network stage, which waits two minutes for a network that does not come: until then there would be nobody to log in
 * as, whatever lane answers. cloud-init passes over a user that is there, and gives it its keys and rights all the same.
 */
import { parse } from 'yaml';
import { datasourceMode } from './stage.ts';
import { utf8Text } from './text.ts';
import { userDataKind } from './user-data-kind.ts';

/** Whoever speaks of users is left to make them. */
const OF_USERS = ['users', 'user', 'groups'];

export function makesUserEarly(userData: Uint8Array | undefined): boolean {
  // Where cloud-init itself reads the data late, the boothook comes no sooner than its users.
  if (datasourceMode(userData) !== 'local') return false;
  if (userData === undefined || userDataKind(userData) !== 'cloud-config') return true;
  // As cloud-init: of a key that is there twice the last counts.
  const config: unknown = parse(utf8Text(userData) ?? '', { uniqueKeys: false });
  return typeof config !== 'object' || config === null || !OF_USERS.some((key) => key in config);
}
