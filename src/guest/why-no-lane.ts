/** Asks a guest that is reached by another way why its lanes do not answer. */
import { runCommand } from './run-command.ts';
import type { GuestShell } from './shell.ts';

/** One word: what of the doorman is not there. */
const ASK = 'if [ ! -x /usr/bin/python3 ]; then echo python; elif ! systemctl is-active --quiet holdfast-doorman.service; then echo doorman; fi';

const CLAUSES: Readonly<Record<string, (name: string) => string>> = {
  python: (name) => `Python is gone from the guest (/usr/bin/python3), and its doorman cannot start without it: holdfast doctor ${name} --fix puts it back`,
  doorman: (name) => `its doorman does not run: holdfast doctor ${name} --fix starts it`,
};

/** @returns a clause with the remedy, or undefined when the guest cannot say or nothing of the kind is missing */
export async function whyNoLane(shell: GuestShell, name: string, deadlineMs: number, signal: AbortSignal): Promise<string | undefined> {
  const answer = await runCommand(shell, ['sh', '-c', ASK], { maxBytes: 4096, deadlineMs, signal }).catch(() => undefined);
  return CLAUSES[answer?.stdout.trim() ?? '']?.(name);
}
