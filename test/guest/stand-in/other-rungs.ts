/** Stand-ins for the other two ways in: the guest's own sshd, and a root shell on a serial line (a pty of script(1)). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import type { AddressPort, ConsolePort } from '../../../src/guest/lane-port.ts';
import type { StandInSshd } from './sshd.ts';

export function addressPort(sshd: StandInSshd): AddressPort {
  return {
    async connect() {
      const child = sshd.spawn();
      const { stdin, stdout } = child;
      if (stdin === null || stdout === null) throw new Error('no pipes');
      return endsWith(Duplex.from({ readable: stdout, writable: stdin }), () => child.kill('SIGKILL'));
    },
  };
}

export function consolePort(): ConsolePort {
  return {
    async connect() {
      const child = spawn('script', ['-qfc', 'PS1="root# " sh -i', '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
      // In a guest the shell is there long before anybody connects; an interrupt would end one that only starts.
      await once(child.stdout, 'readable');
      return endsWith(Duplex.from({ readable: child.stdout, writable: child.stdin }), () => child.kill('SIGKILL'));
    },
  };
}

function endsWith(stream: Duplex, end: () => void): Duplex {
  stream.on('error', () => {});
  return stream.on('close', end);
}
