/** What a control connection is for, once it stands: our files in the guest are as new as here, and it reports. */
import { isOlder, renewAgent } from './agent-calls.ts';
import type { HoldOptions } from './hold-options.ts';
import type { Report } from './report.ts';
import { keepReporter } from './reporter.ts';
import type { GuestShell } from './shell.ts';
import { clause } from './ssh/failure.ts';

/** A guest that stays old must not be written to on every connection. */
const MOST_RENEWALS = 3;

interface ControlOptions extends Pick<HoldOptions, 'agent' | 'name' | 'log'> {
  readonly agentDir: string;
  readonly channelMs: number;
  readonly heard: (report: Report) => void;
}

export class ControlService {
  readonly #options: ControlOptions;
  #renewalsLeft: number;

  /** @param isNew  its files are known to be these very ones */
  constructor(options: ControlOptions, isNew: boolean) {
    this.#options = options;
    this.#renewalsLeft = isNew ? 0 : MOST_RENEWALS;
  }

  /** Resolves when the connection or the signal ends. */
  async serve(shell: GuestShell, signal: AbortSignal): Promise<void> {
    const { name, log, agentDir, heard } = this.#options;
    await this.#renew(shell, signal);
    await keepReporter(shell, agentDir, { report: heard, log: (cause, message) => log(cause, `${name}: ${message}`) }, signal);
  }

  async #renew(shell: GuestShell, signal: AbortSignal): Promise<void> {
    const { agent, name, log, agentDir, channelMs } = this.#options;
    if (!agent || this.#renewalsLeft === 0) return;
    // Its doorman said so on the way in; to ask the files themselves takes a Python's start.
    if (shell.agentVersion !== undefined && !isOlder(shell.agentVersion, agent.version)) {
      this.#renewalsLeft = 0;
      return;
    }
    this.#renewalsLeft -= 1;
    try {
      const before = await renewAgent(shell, agentDir, agent, channelMs, signal);
      if (before === undefined) this.#renewalsLeft = 0;
      else log('agent-renewed', `${name}: Holdfast's files in the guest were renewed from ${before} to ${agent.version}`);
    } catch (error) {
      if (shell.alive && !signal.aborted) log('agent-renew', `${name}: ${clause(error)}`);
    }
  }
}
