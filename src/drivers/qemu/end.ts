/** Says how a machine ended, from whatever there is to know: seen by the daemon or found out afterwards. */
import type { ExitStatus } from '../../host/process/detached.ts';
import type { MachineEnd } from '../driver.ts';

export interface EndSigns {
  /** We asked for it, by the monitor or by a signal. */
  readonly asked: boolean;
  /** Reason in the monitor's SHUTDOWN event, when there was one. */
  readonly shutdown: string | undefined;
  /** Known to the parent only. */
  readonly exit: ExitStatus | undefined;
  /** What QEMU wrote to stderr last. */
  readonly complaints: string;
  /** QEMU removes its pid file when it ends in order, also on SIGTERM; killed or aborted, it does not. */
  readonly pidFileLeft: boolean;
  /** Somebody watched it until it ended. */
  readonly watched: boolean;
  /** The host has been started anew since. */
  readonly hostRestarted: boolean;
}

const ORDERLY = new Set(['guest-shutdown', 'host-qmp-quit', 'host-ui']);

export function classifyEnd(signs: EndSigns): MachineEnd {
  if (signs.asked || (signs.shutdown !== undefined && ORDERLY.has(signs.shutdown))) return { kind: 'powered-off' };
  const unseen = signs.watched ? '' : ', while no daemon was watching';
  if (signs.hostRestarted) return { ...died('the host was restarted while it ran'), hostRestarted: true };
  const terminated = /terminating on (signal \d+[^\n]*)/.exec(signs.complaints)?.[1];
  if (terminated !== undefined) return died(`QEMU was ended by ${terminated}${unseen}`);
  const complaint = lastComplaint(signs.complaints);
  const said = complaint === undefined ? '' : `: ${complaint}`;
  if (signs.exit?.signal) return died(`QEMU was killed (${signs.exit.signal})${said}`);
  if (signs.exit?.code) return died(`QEMU ended with code ${signs.exit.code}${said}`);
  if (signs.shutdown !== undefined) return died(`QEMU ended: ${signs.shutdown}${said}`);
  if (!signs.pidFileLeft) return { kind: 'powered-off' };
  return died(`QEMU was killed or ended without a word${unseen}${said}`);
}

function died(reason: string): Extract<MachineEnd, { kind: 'died' }> {
  return { kind: 'died', reason };
}

/** Warnings are from the start and say nothing of the end. */
export function lastComplaint(complaints: string): string | undefined {
  return complaints.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/\bwarning:/i.test(line)).at(-1)?.slice(0, 300);
}
