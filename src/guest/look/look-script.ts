/**
 * One look at a guest, as one command: emulated guests take a second for each. Plain sh and what every distribution
 * has; neither Python nor anything of Holdfast's is counted on, since they may be what is broken.
 */
import { AGENT_DIR, AGENT_PLACES } from '../agent/bundle.ts';
import { SSH_SOCKET } from '../user-ssh.ts';
import { MAX_LINKS } from './look.ts';
import { PYTHON_MODULES } from './mend-scripts.ts';

const UNITS = ['holdfast-doorman.service', 'ssh.service', 'ssh.socket', 'sshd.service', 'sshd.socket', 'systemd-resolved.service'];
/** A question for the root's name servers: a resolver that answers at all answers it, however little network there is. */
const QUESTION = '\\x48\\x46\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x01';

export const LOOK_MARK = '# holdfast: look';

/** $1: for how many seconds each program in it is waited for. Each line of the answer: a word, a space, and the rest. */
export const LOOK_SCRIPT = `${LOOK_MARK}
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
each=\${1:-3}
limited() { if command -v timeout >/dev/null; then timeout -s KILL "$each" "$@"; else "$@"; fi; }
# Without programs of their own, of which each takes an emulated guest some hundredths of a second.
newline='
'
line() { printf '%.300s\\n' "$*"; }
told() { case $2 in 0) line "$1" ok ;; 124|137) line "$1" slow ;; *) line "$1" broken "$(last "$3")" ;; esac; }
last() { said=\${1%"$newline"}; printf '%.250s' "\${said##*"$newline"}"; }

echo "clock $(date +%s)"
line system "$(systemctl is-system-running 2>/dev/null)" "$(sed 's/[. ].*//' /proc/uptime 2>/dev/null)"

if [ ! -e /usr/bin/python3 ]; then line python missing
elif said=$(limited /usr/bin/python3 -I -S -c 'import ${PYTHON_MODULES}' 2>&1); then line python ok
else case $? in 124|137) line python slow ;; *) line python broken "$(last "$said")" ;; esac; fi
for other in /usr/bin/python3.[0-9]* /usr/local/bin/python3 /usr/local/bin/python3.[0-9]* /usr/libexec/platform-python; do
  case $other in *config) continue ;; esac
  [ -x "$other" ] && line other-python "$other"
done
line agent "$(head -c 40 ${AGENT_DIR}/version 2>/dev/null)"
for file in ${Object.values(AGENT_PLACES).join(' ')} /etc/holdfast/host_ed25519 /etc/holdfast/control.pub /etc/holdfast/session.pub /etc/holdfast/proxy.pub; do
  [ -s "$file" ] || line agent-missing "$file"
done

systemctl show -p Id -p LoadState -p ActiveState -p SubState -p UnitFileState ${UNITS.join(' ')} 2>/dev/null | awk -F= '
  function out() { if (id != "" && load == "loaded") print "unit", id, active, sub_state, (file == "" ? "-" : file); id = load = active = sub_state = file = "" }
  /^Id=/ { id = $2 } /^LoadState=/ { load = $2 } /^ActiveState=/ { active = $2 } /^SubState=/ { sub_state = $2 } /^UnitFileState=/ { file = $2 } /^$/ { out() } END { out() }'

[ -S ${SSH_SOCKET} ] && echo 'user-door there' || echo 'user-door missing'

sshd=$(command -v sshd)
if [ -z "$sshd" ]; then line sshd missing
else
  line sshd ok
  for role in control session; do
    [ -e /etc/holdfast/sshd_$role.conf ] || continue
    said=$(limited "$sshd" -t -f /etc/holdfast/sshd_$role.conf 2>&1); told private-sshd $? "$said"
  done
  said=$(limited "$sshd" -t 2>&1); told user-sshd $? "$said"
fi
grep -qE '^ *[0-9]+: [0-9A-F]+:0016 0+:0+ 0A' /proc/net/tcp /proc/net/tcp6 2>/dev/null && echo 'listens yes' || echo 'listens no'

# A node of containers has hundreds: those of hardware are told of in any case, of the others as many as there is room for.
room=${MAX_LINKS}
for card in /sys/class/net/*/device; do room=$((room - 1)); done
for link in /sys/class/net/*; do
  name=\${link##*/}
  [ "$name" = lo ] && continue
  if [ ! -e "$link/device" ]; then
    [ "$room" -gt 0 ] || continue
    room=$((room - 1))
  fi
  flags=$(cat "$link/flags" 2>/dev/null || echo 0)
  line link "$name" "$(cat "$link/address" 2>/dev/null || echo -)" "$([ $((flags & 1)) = 1 ] && echo up || echo down)" "$(cat "$link/carrier" 2>/dev/null || echo 0)"
done
if command -v ip >/dev/null; then
  ip -o -4 addr show scope global 2>/dev/null | awk '{ print "address", $2, $4, ($0 ~ / dynamic /) ? "dynamic" : "static" }' | head -n 32
  ip -4 route show default 2>/dev/null | head -n 8 | sed 's/^/route /'
else echo no-ip; fi

servers=$(sed -n 's/^[[:space:]]*nameserver[[:space:]]\\{1,\\}\\([0-9A-Fa-f:.]\\{1,45\\}\\).*/\\1/p' /etc/resolv.conf 2>/dev/null | head -n 2)
for server in $servers; do
  if command -v bash >/dev/null && command -v od >/dev/null && command -v timeout >/dev/null; then
    said=$(timeout -s KILL "$each" bash -c 'exec 3<>/dev/udp/$1/53 && printf "${QUESTION}" >&3 && head -c 4 <&3 | od -An -tx1 | tr -d " \\n"' bash "$server" 2>/dev/null)
    line dns "$server" "\${said:-silent}"
  else line dns "$server" unasked; fi
done

line root "$(awk '$2 == "/" { options = $4 } END { print (options ~ /^ro(,|$)/) ? "ro" : "rw" }' /proc/self/mounts)" "$(df -Pk / 2>/dev/null | awk 'NR == 2 { print $2, $4 }')" "$(df -Pi / 2>/dev/null | awk 'NR == 2 { print $2, $4 }')"

if [ -e /etc/cloud/cloud-init.disabled ] || [ -e /run/cloud-init/disabled ]; then line cloud disabled
elif ! command -v cloud-init >/dev/null; then line cloud absent
elif [ -s /run/cloud-init/result.json ]; then printf 'cloud ended '; head -c 8000 /run/cloud-init/result.json | tr '\\n' ' '; echo
else line cloud running; fi
echo end
`;
