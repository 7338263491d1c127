/** The home of whoever runs this process. */
import { homedir, userInfo } from 'node:os';
import { homeLayout, type HomeLayout } from '../core/home.ts';

export function ownHome(env: Readonly<Record<string, string | undefined>> = process.env): HomeLayout {
  const uid = process.getuid?.() ?? 1000;
  return homeLayout({ env, uid, platform: process.platform, homedir: env['HOME'] || homeOf() || homedir() });
}

/** From the user database: a service or a cron job may come without HOME. */
function homeOf(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}
