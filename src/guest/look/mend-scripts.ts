/** What is done in a guest about what was found there: plain sh, as root, said in its last line. Nothing that is the user's own is lost. */

import { NETWORKD_FUNCTIONS } from '../networkd-functions.ts';

/** All that Holdfast's programs in the guest import, beyond what every interpreter has built in. */
export const PYTHON_MODULES = 'ctypes,heapq,json,pwd,re,select,signal,socket,struct,subprocess';

const BEGIN = 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C';

export const MEND_MARK = '# holdfast: mend';

/** The arguments are $1, $2 …; they reach the script as they are. */
const script = (name: string, text: string): string => `${MEND_MARK} ${name}\n${BEGIN}\n${text}`;

export const MEND_SCRIPTS = {
  /** Also where somebody has masked it. It answers before it is done: it may be asked over what it restarts. */
  doorman: script('doorman', `
# Each reload runs all generators, which takes an emulated guest many seconds: only where one is needed.
state=$(systemctl show -p UnitFileState -p NeedDaemonReload -p LoadState holdfast-doorman.service)
case $state in *masked*) systemctl unmask holdfast-doorman.service >&2 ;; esac
case $state in *NeedDaemonReload=yes*|*LoadState=not-found*) systemctl daemon-reload ;; esac
systemctl reset-failed holdfast-doorman.service 2>/dev/null
systemctl --no-block restart holdfast-doorman.service && echo "restarted the doorman"`),

  /** By an interpreter that is there under another name, else by the distribution's packages. */
  python: script('python', `
usable() { [ -x "$1" ] && "$1" -I -S -c 'import ${PYTHON_MODULES}' >/dev/null 2>&1; }
done_with() { usable /usr/bin/python3 || return 1; systemctl --no-block restart holdfast-doorman.service; echo "$1"; exit 0; }
point() { if [ -L /usr/bin/python3 ] || [ ! -e /usr/bin/python3 ]; then ln -sfn "$1" /usr/bin/python3; fi; }
for other in /usr/bin/python3.[0-9]* /usr/local/bin/python3 /usr/local/bin/python3.[0-9]* /usr/libexec/platform-python; do
  case $other in *config) continue ;; esac
  usable "$other" || continue
  point "$other"
  done_with "pointed /usr/bin/python3 at $other"
done
if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt() { apt-get -q -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@" >&2; }
  version() { apt-cache depends python3-minimal 2>/dev/null | sed -n 's/.*Depends: python\\(3\\.[0-9]*\\)-minimal.*/\\1/p' | head -n 1; }
  bare() { v=$(version); [ -n "$v" ] && apt install -y --reinstall "python$v-minimal" "libpython$v-minimal" "libpython$v-stdlib"; }
  bare || { apt update && bare; }
  # The scripts of the other packages begin with #!/usr/bin/python3.
  [ -n "$v" ] && ! usable /usr/bin/python3 && point "python$v"
  apt install -y python3
  done_with "installed Python $v with apt-get"
elif command -v dnf >/dev/null; then dnf -y reinstall python3 python3-libs >&2 || dnf -y install python3 >&2; done_with "installed Python with dnf"
elif command -v zypper >/dev/null; then zypper -n install -f python3 >&2; done_with "installed Python with zypper"
elif command -v pacman >/dev/null; then pacman -S --noconfirm python >&2; done_with "installed Python with pacman"
elif command -v apk >/dev/null; then apk fix python3 >&2 || apk add python3 >&2; done_with "installed Python with apk"
fi
echo "Python could not be installed; does the guest reach its package mirror?" >&2
exit 1`),

  sshdPackage: script('sshd-package', `
if command -v apt-get >/dev/null; then DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=60 install openssh-server >&2
elif command -v dnf >/dev/null; then dnf -y install openssh-server >&2
elif command -v zypper >/dev/null; then zypper -n install openssh-server >&2
elif command -v pacman >/dev/null; then pacman -S --noconfirm openssh >&2
elif command -v apk >/dev/null; then apk add openssh-server >&2
fi
command -v sshd >/dev/null && echo "installed sshd"`),

  /** $1: its unit. */
  sshd: script('sshd', 'systemctl reset-failed "$1" 2>/dev/null; systemctl start "$1" && echo "started $1"'),

  sshdDirectory: script('sshd-directory', 'mkdir -p -m 755 /run/sshd && echo "made /run/sshd"'),

  /** $1: the interface. */
  linkUp: script('link-up', 'ip link set dev "$1" up && echo "set $1 up"'),

  driver: script('driver', 'modprobe virtio_net && echo "loaded the driver of the network card (virtio_net)"'),

  /**
   * $1: the interface. A lease anew, by whoever manages it; networkd that gives no address then is restarted (networkd-functions.ts).
   * Where nobody manages it, as when netplan was removed, networkd is told to, until the next boot; by a name after which no other
   * file of somebody's comes.
   */
  lease: script('lease', `${NETWORKD_FUNCTIONS}
state=$(state_of "$1")
own="/run/systemd/network/zz-holdfast-$1.network"
active() { systemctl is-active --quiet "$1"; }
has() { command -v "$1" >/dev/null; }
untold() { [ -f "$state" ] && ! grep -q '^NETWORK_FILE=' "$state"; }
tell() {
  mkdir -p -m 755 "\${own%/*}" && printf '[Match]\\nName=%s\\n\\n[Network]\\nDHCP=ipv4\\n\\n[DHCPv4]\\nClientIdentifier=mac\\n' "$1" >"$own" && chmod 644 "$own"
}
if active systemd-networkd && untold && ! active NetworkManager; then
  tell "$1" || exit 1
  # Not configured anew as well: it would lose the lease that it is asking for.
  { networkctl reload && addressed "$1"; } || systemctl restart systemd-networkd || exit 1
  echo "told networkd, which had no file for $1, to ask for a lease: $own"
elif active systemd-networkd && ! untold && networkctl reconfigure "$1"; then
  if ! asks "$1" || addressed "$1"; then echo "had networkd configure $1 anew"
  else systemctl restart systemd-networkd && echo "restarted networkd, which gave $1 no address when it was to configure it anew"; fi
elif active NetworkManager && nmcli device connect "$1" >&2; then echo "had NetworkManager connect $1 anew"
elif has dhclient && timeout 30 dhclient -1 "$1" >&2; then echo "asked for a lease with dhclient"
elif has udhcpc && udhcpc -n -q -i "$1" >&2; then echo "asked for a lease with udhcpc"
elif ! active systemd-networkd && ! active NetworkManager && ! has dhclient && ! has udhcpc && tell "$1" && systemctl start systemd-networkd; then echo "started networkd, which did not run, to ask for a lease for $1: $own"
else rm -f "$own"; echo "nothing in the guest manages $1" >&2; exit 1; fi`),

  /** $1: the name server that the host's network offers. What was in resolv.conf is kept beside it. */
  dns: script('dns', `
keep() { if [ -e /etc/resolv.conf ] || [ -L /etc/resolv.conf ]; then mv -f /etc/resolv.conf /etc/resolv.conf.before-holdfast; fi; }
if [ -e /lib/systemd/system/systemd-resolved.service ] || [ -e /usr/lib/systemd/system/systemd-resolved.service ]; then
  systemctl restart systemd-resolved >&2
  if [ "$(readlink -f /etc/resolv.conf)" != /run/systemd/resolve/stub-resolv.conf ]; then
    keep; ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
    echo "pointed /etc/resolv.conf at systemd-resolved (the old one: /etc/resolv.conf.before-holdfast)"
  else echo "restarted systemd-resolved"; fi
else
  keep; echo "nameserver $1" >/etc/resolv.conf
  echo "wrote $1 into /etc/resolv.conf (the old one: /etc/resolv.conf.before-holdfast)"
fi`),

  /** $1: seconds since 1970. */
  clock: script('clock', 'date -s "@$1" >/dev/null && echo "set the clock to the host\'s"'),
} as const;

export type Mend = keyof typeof MEND_SCRIPTS;
