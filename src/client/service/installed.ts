/** Decides whether a home has a service: then a client starts that, and no daemon beside it. */
import { readFileSync } from 'node:fs';
import { unitHome } from '../../core/service/unit.ts';
import { isBooted, managerOf, type Manager } from './systemd.ts';

/** @returns undefined where no service of this home is installed, or no systemd runs */
export function serviceOf(home: string, env: Readonly<Record<string, string | undefined>>, homedir: string): Manager | undefined {
  const manager = managerOf(process.getuid?.() === 0 ? 'system' : 'user', env, homedir);
  return homeOfUnit(manager.unitPath) === home && isBooted() ? manager : undefined;
}

/** @returns undefined where there is none, or one that is not ours */
export function homeOfUnit(unitPath: string): string | undefined {
  try {
    return unitHome(readFileSync(unitPath, 'utf8'));
  } catch {
    return undefined;
  }
}
