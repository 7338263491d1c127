/** Keeps the guest's reporter running on one control connection for as long as that lives. */
import type { Readable } from 'node:stream';
import { delayBefore } from '../core/retry/backoff.ts';
import { agentProgram } from './agent-calls.ts';
import type { Report } from './report.ts';
import { parseReport } from './report-parser.ts';
import { lastWords, reportLines } from './report-lines.ts';
import type { GuestShell } from './shell.ts';
import { clause, printable } from './ssh/failure.ts';
import { pause } from './ssh/time-limit.ts';

/** As in hf_report_door.py. */
const REPORT_SOCKET = '/run/holdfast/report.sock';
const BACKOFF = { firstMs: 1_000, capMs: 60_000 };
const STOOD_MS = 60_000;

export interface ReporterEvents {
  readonly report: (report: Report) => void;
  readonly log: (cause: string, message: string) => void;
}

/** Resolves when the connection or the signal ends. */
export async function keepReporter(shell: GuestShell, dir: string, events: ReporterEvents, signal: AbortSignal): Promise<void> {
  for (let failures = 0; shell.alive && !signal.aborted; ) {
    const since = performance.now();
    const why = await listen(shell, dir, failures === 0, events, signal).catch((error: unknown) => clause(error));
    if (!shell.alive || signal.aborted) return;
    events.log('reporter', `its reporter ended: ${why}; it is started again`);
    const stood = performance.now() - since > STOOD_MS;
    await pause(500 + delayBefore(stood ? 0 : failures, BACKOFF, Math.random()), signal);
    failures = stood ? 0 : failures + 1;
  }
}

/** @param byDoor  the doorman's own child is asked for first; where there is none, or it did not stand, the program is started */
async function listen(shell: GuestShell, dir: string, byDoor: boolean, events: ReporterEvents, signal: AbortSignal): Promise<string> {
  const flooded = (): void => events.log('reporter-flood', 'its reporter says more than is listened to; the rest waits in the guest');
  const read = async (lines: Readable): Promise<void> => {
    for await (const line of reportLines(lines, signal, flooded)) {
      const parsed = parseReport(line);
      if ('report' in parsed) events.report(parsed.report);
      else events.log('reporter-line', `its reporter says things that are no reports (${parsed.refused}); they are passed over`);
    }
  };
  // Older files in the guest, or an sshd that was started with them, have no such socket.
  const stream = byDoor && shell.connect ? await shell.connect(REPORT_SOCKET, signal).catch(() => undefined) : undefined;
  if (stream) {
    const stop = (): void => void stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await read(stream);
    } finally {
      signal.removeEventListener('abort', stop);
      stream.destroy();
    }
    return signal.aborted ? 'it was stopped' : 'it hung up';
  }
  await using session = await shell.exec({ command: agentProgram(dir, 'report.py') }, signal);
  const complaints = lastWords(session.stderr, signal, flooded);
  await read(session.stdout);
  if (signal.aborted) return 'it was stopped';
  const exit = await session.exit;
  const complaint = complaints();
  return `${'code' in exit ? `code ${exit.code}` : exit.signal}${complaint === '' ? '' : ` (${printable(complaint)})`}`;
}
