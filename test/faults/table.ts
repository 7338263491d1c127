/** The live faults that control must survive, as data: how each is made in a guest, and how it is mended again. */

export type FaultClass = 'address' | 'link' | 'netplan' | 'firewall' | 'sshd' | 'login' | 'doorman';

export interface Fault {
  readonly name: string;
  readonly class: FaultClass;
  /** A shell script, run as root in the guest, over exec. It is expected to return, and with 0. */
  readonly make: string;
  readonly mend: string;
  /** It may end the command that makes it, which then has no exit code of its own; what counts is the next one. */
  readonly cutsOff?: true;
  /** What `info` must come to say of the network while the fault lasts. */
  readonly network: 'ok' | 'changed' | 'unreachable';
}

/**
 * The default interface is behind the first root port. Where networkd mends by itself it is left to: a reconfigure while a lease
 * is being taken makes systemd 252 lose the address it has just acquired.
 */
export const NIC = 'enp1s0';
const BACK_TO_DHCP = 'netplan apply';

/** From the next boot or `netplan apply` on. */
export const staticAt = (addresses: string): string => `
umask 077
mac=$(cat /sys/class/net/${NIC}/address) || exit 1
cat > /etc/netplan/60-fault.yaml <<END
network:
  version: 2
  ethernets:
    default:
      match: {macaddress: "$mac"}
      dhcp4: no
      addresses: [${addresses}]
END`;

/**
 * The sound files lie beside each other until they are put back: what is broken already is not taken for sound, by a second
 * fault of this kind or the same one again. The copy is there whole or not at all.
 */
export const BREAK_SSHD = `[ -d /root/sound-sshd ] || { rm -rf /root/sound-sshd.new && mkdir /root/sound-sshd.new && cp -a /etc/ssh/sshd_config /etc/pam.d/sshd /root/sound-sshd.new/ && mv /root/sound-sshd.new /root/sound-sshd; } || exit 1
echo 'NoSuchOption yes' > /etc/ssh/sshd_config
echo 'auth required pam_no_such_module.so' > /etc/pam.d/sshd`;
export const SOUND_SSHD = `[ ! -d /root/sound-sshd ] || { cp -a /root/sound-sshd/sshd_config /etc/ssh/sshd_config && cp -a /root/sound-sshd/sshd /etc/pam.d/sshd && rm -r /root/sound-sshd; } || exit 1`;

export const FAULTS: readonly Fault[] = [
  {
    name: 'default interface static in another subnet (the accident)', class: 'address', network: 'changed',
    make: `${staticAt('192.168.68.20/24')}\nnetplan apply`, mend: `rm -f /etc/netplan/60-fault.yaml; ${BACK_TO_DHCP}`,
  },
  {
    name: 'default interface static at its present address', class: 'address', network: 'ok',
    make: `${staticAt(`$(ip -4 -o addr show dev ${NIC} scope global | awk '{print $4; exit}')`)}\nnetplan apply`,
    mend: `rm -f /etc/netplan/60-fault.yaml; ${BACK_TO_DHCP}`,
  },
  { name: 'link set down', class: 'link', network: 'unreachable', make: `ip link set ${NIC} down`, mend: `ip link set ${NIC} up` },
  { name: 'addresses flushed', class: 'address', network: 'unreachable', make: `ip addr flush dev ${NIC}`, mend: `networkctl reconfigure ${NIC}` },
  { name: 'driver unloaded', class: 'link', network: 'unreachable', make: 'modprobe -r virtio_net', mend: 'modprobe virtio_net' },
  {
    name: 'all netplan files deleted and applied', class: 'netplan', network: 'unreachable',
    make: 'mkdir -p /root/netplan && cp -a /etc/netplan/. /root/netplan/ && rm -f /etc/netplan/* && netplan apply',
    mend: `cp -a /root/netplan/. /etc/netplan/ && rm -r /root/netplan && ${BACK_TO_DHCP}`,
  },
  {
    name: 'nftables dropping everything', class: 'firewall', network: 'ok',
    make: `nft -f - <<END
table inet fault {
  chain in { type filter hook input priority 0; policy drop; }
  chain out { type filter hook output priority 0; policy drop; }
  chain through { type filter hook forward priority 0; policy drop; }
}
END`,
    mend: 'nft delete table inet fault',
  },
  {
    name: 'an address as a second DHCP server would lease it', class: 'address', network: 'changed',
    make: `ip addr flush dev ${NIC} scope global
ip addr add 172.30.9.44/24 dev ${NIC} valid_lft 3600 preferred_lft 3600
ip route replace default via 172.30.9.1 dev ${NIC}`,
    mend: `ip addr flush dev ${NIC} scope global; networkctl reconfigure ${NIC}`,
  },
  {
    name: "the user's sshd stopped, its configuration and PAM broken", class: 'sshd', network: 'ok',
    make: `systemctl stop ssh.service ssh.socket 2>/dev/null\n${BREAK_SSHD}`, mend: `${SOUND_SSHD}\nsystemctl start ssh.service`,
  },
  { name: 'shutdown +5 pending', class: 'login', network: 'ok', make: 'shutdown +5', mend: 'shutdown -c' },
  { name: '/etc/nologin present', class: 'login', network: 'ok', make: 'echo closed > /etc/nologin', mend: 'rm /etc/nologin' },
  { name: 'doorman killed inside the guest', class: 'doorman', network: 'ok', cutsOff: true, make: 'systemctl kill --signal=KILL --kill-whom=main holdfast-doorman', mend: 'true' },
];
