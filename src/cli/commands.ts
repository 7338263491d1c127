/** Every command there is. */
import type { Command } from './command.ts';
import { aliasOf } from './commands/alias.ts';
import { aliases } from './commands/aliases.ts';
import { authenticate } from './commands/authenticate.ts';
import { disableZones, enableZones } from './commands/change-zones.ts';
import { clients } from './commands/clients.ts';
import { clone } from './commands/clone.ts';
import { compat } from './commands/compat.ts';
import { console } from './commands/console.ts';
import { deletion } from './commands/delete.ts';
import { completion } from './commands/completion.ts';
import { doctor } from './commands/doctor.ts';
import { exec } from './commands/exec.ts';
import { find } from './commands/find.ts';
import { get } from './commands/get.ts';
import { helpOn } from './commands/help.ts';
import { image } from './commands/image.ts';
import { info } from './commands/info.ts';
import { launch } from './commands/launch.ts';
import { list } from './commands/list.ts';
import { logs } from './commands/logs.ts';
import { mount } from './commands/mount.ts';
import { net } from './commands/net/net.ts';
import { network } from './commands/network.ts';
import { networks } from './commands/networks.ts';
import { prefer } from './commands/prefer.ts';
import { proxy } from './commands/proxy.ts';
import { purge } from './commands/purge.ts';
import { recover } from './commands/recover.ts';
import { restore } from './commands/restore.ts';
import { restart } from './commands/restart.ts';
import { service } from './commands/service.ts';
import { set } from './commands/set.ts';
import { shell } from './commands/shell.ts';
import { sshConfig } from './commands/ssh-config.ts';
import { snapshot } from './commands/snapshot.ts';
import { start } from './commands/start.ts';
import { stop } from './commands/stop.ts';
import { suspend } from './commands/suspend.ts';
import { template } from './commands/template.ts';
import { transfer } from './commands/transfer.ts';
import { umount } from './commands/umount.ts';
import { unalias } from './commands/unalias.ts';
import { version } from './commands/version.ts';
import { waitReady } from './commands/wait-ready.ts';
import { zones } from './commands/zones.ts';

export const COMMANDS: readonly Command[] = [
  launch, list, info, start, stop, restart, suspend, deletion, recover, purge, snapshot, restore, clone, exec, shell, transfer, mount, umount, aliasOf(() => COMMANDS), aliases, unalias, prefer, console, sshConfig, proxy, find, image, template, networks, network, net, zones, enableZones, disableZones, get, set, authenticate, clients, service, compat, logs, doctor, waitReady, version, completion, helpOn(() => COMMANDS),
];

export function findCommand(word: string): Command | undefined {
  return COMMANDS.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
}
