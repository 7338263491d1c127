/** Who builds: by /etc/subuid's two ways to name somebody. */
import { userInfo } from 'node:os';

export interface OwnUser {
  readonly uid: number;
  /** The uid's digits where the user database has no entry for it: in a container, say, or of a service. */
  readonly name: string;
}

/** @param ask  what the user database is asked by */
export function ownUser(ask: () => { readonly uid: number; readonly username: string } = userInfo): OwnUser {
  try {
    const { uid, username } = ask();
    return { uid, name: username };
  } catch {
    const uid = process.getuid?.() ?? 0;
    return { uid, name: String(uid) };
  }
}
