/** Keeps the guest's reporter running on one control connection for as long as that lives. */
import { delayBefore } from '../core/retry/backoff.ts';
import { agentProgram } from './agent-calls.ts';
import type { Report } from './report.ts';
import { parseReport } from './report-parser.ts';
import { reportLines } from './report-lines.ts';
import type { GuestShell } from './shell.ts';
import { clause, printable } from './ssh/failure.ts';
import { pause } from './ssh/time-limit.ts';

const BACKOFF = { firstMs: 1_000, capMs: 60_000 };
const STOOD_MS = 60_000;

export interface ReporterEvents {
  readonly report: (report: Report) => void;
  readonly log: (cause: string, message: string) => void;
}

/** Resolves when the connection or the signal ends. */
export async function keepReporter(shell: GuestShell, dir: string, events: ReporterEvents, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; shell.alive && !signal.aborted; attempt += 1) {
    const since = performance.now();
    const why = await listen(shell, dir, events, signal).catch((error: unknown) => clause(error));
    if (!shell.alive || signal.aborted) return;
    events.log('reporter', `its reporter ended: ${why}; it is started again`);
    if (performance.now() - since > STOOD_MS) attempt = 0;
    await pause(500 + delayBefore(attempt, BACKOFF, Math.random()), signal);
  }
}

async function listen(shell: GuestShell, dir: string, events: ReporterEvents, signal: AbortSignal): Promise<string> {
  await using session = await shell.exec({ command: agentProgram(dir, 'report.py') }, signal);
  let complaint = '';
  session.stderr.on('data', (piece: Buffer) => { complaint = (complaint + piece.toString()).slice(-400); });
  const flooded = (): void => events.log('reporter-flood', 'its reporter says more than is listened to; the rest waits in the guest');
  for await (const line of reportLines(session.stdout, signal, flooded)) {
    const parsed = parseReport(line);
    if ('report' in parsed) events.report(parsed.report);
    else events.log('reporter-line', `its reporter says things that are no reports (${parsed.refused}); they are passed over`);
  }
  if (signal.aborted) return 'it was stopped';
  const exit = await session.exit;
  return `${'code' in exit ? `code ${exit.code}` : exit.signal}${complaint === '' ? '' : ` (${printable(complaint)})`}`;
}
