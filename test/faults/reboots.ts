/** What befalls a guest across a restart, as data: how each is made in a running guest, how that is then restarted, and how it is mended. */
import { BREAK_SSHD, NIC, SOUND_SSHD, staticAt } from './table.ts';

export interface RebootFault {
  readonly name: string;
  /** A shell script, run as root in the guest; it takes effect at the next boot. */
  readonly make: string;
  readonly restart: 'from inside' | 'hard';
  readonly mend: string;
  /** What `info` must come to say of the network after it. */
  readonly network: 'ok' | 'changed' | 'unreachable';
}

export const REBOOTS: readonly RebootFault[] = [
  { name: 'rebooted from inside', make: 'true', restart: 'from inside', mend: 'true', network: 'ok' },
  { name: 'reset hard', make: 'sync', restart: 'hard', mend: 'true', network: 'ok' },
  {
    name: 'all netplan files deleted, then rebooted', restart: 'from inside', network: 'unreachable',
    make: 'mkdir -p /root/netplan && cp -a /etc/netplan/. /root/netplan/ && rm -f /etc/netplan/*',
    mend: 'cp -a /root/netplan/. /etc/netplan/ && rm -r /root/netplan && netplan apply',
  },
  {
    name: 'a netplan file that does not parse, then rebooted', restart: 'from inside', network: 'unreachable',
    make: `umask 077; printf 'network:\\n  version: 2\\n ethernets: {${NIC}: [\\n' > /etc/netplan/60-fault.yaml`,
    mend: 'rm -f /etc/netplan/60-fault.yaml; netplan apply',
  },
  {
    name: 'default interface static elsewhere, then rebooted', restart: 'from inside', network: 'changed',
    make: staticAt('192.168.68.20/24'), mend: 'rm -f /etc/netplan/60-fault.yaml; netplan apply',
  },
  {
    name: "the user's sshd and its PAM broken, then rebooted", restart: 'from inside', network: 'ok',
    make: BREAK_SSHD, mend: `${SOUND_SSHD}\nsystemctl restart ssh.service`,
  },
];
