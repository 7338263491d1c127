/**
 * Functions of sh for scripts that have networkd configure an interface anew. networkd 252 was seen to have a lease and never give
 * its address: it was configured anew while it gave the same one (its log: `requesting,removing`). Only its own restart helps then.
 *
 *   state_of LINK   where networkd says how it has configured it
 *   asks LINK       whether its configuration, as it says itself which that is, asks for an IPv4 address; also where that is not known
 *   settled LINK    waits, a while, until it is not being configured
 *   addressed LINK  waits, a while, for an IPv4 address, and fails where none came
 */
export const NETWORKD_FUNCTIONS = `
state_of() { echo "/run/systemd/netif/links/$(cat "/sys/class/net/$1/ifindex")"; }
asks() {
  file=$(sed -n 's/^NETWORK_FILE=//p' "$(state_of "$1")")
  [ -r "$file" ] || return 0
  { cat "$file"; for under in /etc /run /usr/local/lib /usr/lib /lib; do cat "$under/systemd/network/\${file##*/}.d"/*.conf; done; } 2>/dev/null |
    grep -Eiq '^[[:space:]]*(DHCP[[:space:]]*=[[:space:]]*(yes|true|on|1|y|t|ipv4|both)|Address[[:space:]]*=[[:space:]]*[0-9]+[.])'
}
settled() { for _ in 1 2 3 4 5; do grep -qE '^ADMIN_STATE=(pending|configuring)' "$(state_of "$1")" 2>/dev/null || return; sleep 1; done; }
addressed() { for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 1; ip -4 -o address show dev "$1" scope global | grep -q . && return; done; return 1; }
`;
