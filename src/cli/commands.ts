/** Every command there is. */
import type { Command } from './command.ts';
import { deletion } from './commands/delete.ts';
import { exec } from './commands/exec.ts';
import { get } from './commands/get.ts';
import { helpOn } from './commands/help.ts';
import { image } from './commands/image.ts';
import { info } from './commands/info.ts';
import { launch } from './commands/launch.ts';
import { list } from './commands/list.ts';
import { logs } from './commands/logs.ts';
import { purge } from './commands/purge.ts';
import { recover } from './commands/recover.ts';
import { restart } from './commands/restart.ts';
import { set } from './commands/set.ts';
import { shell } from './commands/shell.ts';
import { start } from './commands/start.ts';
import { stop } from './commands/stop.ts';
import { suspend } from './commands/suspend.ts';
import { template } from './commands/template.ts';
import { version } from './commands/version.ts';

export const COMMANDS: readonly Command[] = [
  launch, list, info, start, stop, restart, suspend, deletion, recover, purge, exec, shell, image, template, get, set, logs, version, helpOn(() => COMMANDS),
];

export function findCommand(word: string): Command | undefined {
  return COMMANDS.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
}
