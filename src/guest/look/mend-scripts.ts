/** What is done in a guest about what was found there: plain sh, as root, said in its last line. Nothing that is the user's own is lost. */

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
   * $1: the interface. A lease anew, by whoever manages it. networkd 252 was seen to have a lease and never give its address: it was
   * configured anew while it gave the same one (its log: `requesting,removing`). Only its own restart helps then, and none is needed
   * where its configuration of the interface, as it says itself which that is, asks for no IPv4 address.
   */
  lease: script('lease', `
asks() {
  file=$(sed -n 's/^NETWORK_FILE=//p' "/run/systemd/netif/links/$(cat "/sys/class/net/$1/ifindex")")
  [ -r "$file" ] || return 0
  { cat "$file"; for under in /etc /run /usr/local/lib /usr/lib /lib; do cat "$under/systemd/network/\${file##*/}.d"/*.conf; done; } 2>/dev/null |
    grep -Eiq '^[[:space:]]*(DHCP[[:space:]]*=[[:space:]]*(yes|true|on|1|y|t|ipv4|both)|Address[[:space:]]*=[[:space:]]*[0-9]+[.])'
}
addressed() { for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 1; ip -4 -o address show dev "$1" scope global | grep -q . && return; done; return 1; }
if systemctl is-active --quiet systemd-networkd && networkctl reconfigure "$1"; then
  if ! asks "$1" || addressed "$1"; then echo "had networkd configure $1 anew"
  else systemctl restart systemd-networkd && echo "restarted networkd, which gave $1 no address when it was to configure it anew"; fi
elif systemctl is-active --quiet NetworkManager && nmcli device connect "$1" >&2; then echo "had NetworkManager connect $1 anew"
elif command -v dhclient >/dev/null && timeout 30 dhclient -1 "$1" >&2; then echo "asked for a lease with dhclient"
elif command -v udhcpc >/dev/null && udhcpc -n -q -i "$1" >&2; then echo "asked for a lease with udhcpc"
else echo "nothing in the guest manages $1" >&2; exit 1; fi`),

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
