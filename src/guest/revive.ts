/** Brings a guest's default interface up again, when its files are in order and the running system is not. */
import { fail } from '../core/errors.ts';
import { NETWORKD_FUNCTIONS } from './networkd-functions.ts';
import { runCommand } from './run-command.ts';
import type { GuestShell } from './shell.ts';
import { printable } from './ssh/failure.ts';

const DEADLINE_MS = 150_000;

/**
 * $1: the card's MAC; then files of networkd's that come before netplan's, which are put aside under another name. What is
 * fine already is not touched; each thing that is done is said in a line.
 */
export const SCRIPT = `
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C${NETWORKD_FUNCTIONS}
mac=$1
shift
link=
find_link() {
  link=
  for each in /sys/class/net/*; do
    # What has no device is a bridge or the like, which may have the card's MAC.
    [ -e "$each/device" ] && [ "$(cat "$each/address")" = "$mac" ] && link=\${each##*/} && return 0
  done
  return 1
}
for file; do
  [ -f "$file" ] && mv -- "$file" "$file.before-holdfast" && echo "put $file aside as $file.before-holdfast"
done
find_link || { modprobe virtio_net 2>/dev/null && echo "loaded the driver of the network card"; udevadm settle -t 10 2>/dev/null; find_link; } || { echo "there is no network card with the MAC $mac" >&2; exit 1; }
case $(systemctl show -p LoadState --value systemd-networkd.service) in masked) systemctl unmask systemd-networkd.service systemd-networkd.socket >/dev/null 2>&1; systemctl unmask --runtime systemd-networkd.service >/dev/null 2>&1; echo "unmasked systemd-networkd" ;; esac
netplan generate >&2 || exit 1
systemctl is-active --quiet systemd-networkd.service || { systemctl reset-failed systemd-networkd.service 2>/dev/null; systemctl start systemd-networkd.service && echo "started systemd-networkd"; }
master=$(readlink "/sys/class/net/$link/master" 2>/dev/null) && ip link set dev "$link" nomaster && echo "took $link out of \${master##*/}"
ip link set dev "$link" up && networkctl reload || exit
# A file that netplan has written again is another one to it: it is configuring the card already.
settled "$link"
networkctl reconfigure "$link" && echo "had networkd configure $link anew" || exit
! asks "$link" || addressed "$link" || { systemctl restart systemd-networkd.service && echo "restarted networkd, which gave $link no address"; }
`;

/** @returns what was done, line by line  @throws exec-failed, guest-unreachable, too-slow */
export async function reviveLink(shell: GuestShell, mac: string, foreign: readonly string[], signal: AbortSignal): Promise<string[]> {
  const { exit, stdout, stderr } = await runCommand(shell, ['/bin/sh', '-c', SCRIPT, 'sh', mac, ...foreign], { maxBytes: 64 * 1024, deadlineMs: DEADLINE_MS, signal });
  if (!('code' in exit) || exit.code !== 0) throw fail('exec-failed', `the guest could not bring its network card up: ${printable(stderr.trim().split('\n').at(-1) ?? '')}`);
  return stdout.split('\n').filter((line) => line !== '').map((line) => printable(line));
}
