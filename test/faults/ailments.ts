/** What `holdfast doctor` must find in a guest by its name and mend, as data. */
import { NIC } from './table.ts';

export interface Ailment {
  readonly name: string;
  /** A shell script, run as root in the guest on its own: it may cut off the exec that asked for it. */
  readonly make: string;
  /** Id of the check that must be named as the cause. */
  readonly cause: string;
  /** What the hold comes to be. */
  readonly hold: 'held' | 'by-address';
  /** What `info` must say of the hold. */
  readonly reason?: RegExp;
  /** It is restarted by it, and found out after that boot. */
  readonly restarts?: true;
}

export const AILMENTS: readonly Ailment[] = [
  { name: 'Python taken away', make: 'rm -f /usr/bin/python3; systemctl restart holdfast-doorman', cause: 'python', hold: 'by-address', reason: /Python is gone/ },
  // Packages are left, so that an address comes without Python; what takes them along leaves a console alone.
  { name: 'Python taken away, then rebooted', make: 'rm -f /usr/bin/python3; systemctl --no-block reboot', cause: 'python', hold: 'by-address', reason: /Python is gone/, restarts: true },
  { name: 'the doorman stopped', make: 'systemctl stop holdfast-doorman', cause: 'doorman', hold: 'by-address', reason: /its doorman does not run/ },
  { name: 'the link down', make: `ip link set ${NIC} down`, cause: 'link', hold: 'held' },
  { name: 'the address flushed that networkd has a lease of', make: `ip address flush dev ${NIC}`, cause: 'address', hold: 'held' },
  { name: "the user's sshd stopped", make: 'systemctl stop ssh', cause: 'sshd', hold: 'held' },
  { name: 'a name server that does not answer', make: 'rm -f /etc/resolv.conf; echo nameserver 192.0.2.53 >/etc/resolv.conf', cause: 'dns', hold: 'held' },
];
