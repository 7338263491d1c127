/**
 * What a service manager asks of multipassd, as Holdfast's daemon keeps it: a log on stderr, an address to listen on, an
 * exit code that says "start me again" once a setting of the daemon's own was changed.
 */
import { parseArgs } from 'node:util';
import { fail } from '../../core/errors.ts';
import { isShown, levelOf, LOG_LEVELS, PRIORITIES, type LogLevel } from '../../core/log-level.ts';
import { homeOfStorage, socketOfAddress } from '../../core/multipass-contract.ts';

export interface Contract {
  /** Another socket than the home's, besides it. */
  readonly socket: string | undefined;
  /** Each line of the log once more. */
  readonly echo: (cause: string, line: string, remedy: string | null) => void;
  /** Told of each setting that is for all, when it was changed; absent: nothing is to happen. */
  readonly exitAfterSetting: number;
}

export interface MultipassdOptions {
  readonly logger: 'stderr' | 'platform';
  readonly verbosity: LogLevel;
  readonly address: string | undefined;
  readonly wants: 'serve' | 'help' | 'version';
}

/** Multipass's: its service manager starts it again. */
export const SETTING_CHANGED = 42;
const LOGGERS = ['stderr', 'platform'] as const;

export const MULTIPASSD_HELP = `Usage: multipassd [<options>]

The daemon of Holdfast, for a service manager that keeps multipassd.

Options:
  -l, --logger <logger>         platform (the default: for the journal) or stderr
  -V, --verbosity <verbosity>   ${LOG_LEVELS.join(', ')} (the default: info)
  -a, --address <address>       unix:<path>, a socket besides the home's
  -v, --version                 show the version
  -h, --help                    show this help

Environment:
  MULTIPASS_STORAGE             the home is "holdfast" in it
  MULTIPASS_SERVER_ADDRESS      as --address
`;

/** @param words  behind the launcher's own  @throws bad-argument, not-supported for an address on TCP */
export function multipassdOptions(words: readonly string[], env: Readonly<Record<string, string | undefined>>): MultipassdOptions {
  const { values } = parsed(words);
  const logger = LOGGERS.find((known) => known === (values.logger ?? 'platform'));
  if (logger === undefined) throw fail('bad-argument', `invalid logger: ${values.logger}`, { hint: `one of: ${LOGGERS.join(', ')}` });
  const verbosity = LOG_LEVELS.find((known) => known === (values.verbosity ?? 'info'));
  if (verbosity === undefined) throw fail('bad-argument', `invalid verbosity: ${values.verbosity}`, { hint: `one of: ${LOG_LEVELS.join(', ')}` });
  const address = values.address ?? (env['MULTIPASS_SERVER_ADDRESS'] || undefined);
  if (address !== undefined) socketOfAddress(address);
  return { logger, verbosity, address, wants: values.help ? 'help' : values.version ? 'version' : 'serve' };
}

function parsed(words: readonly string[]): { values: { logger?: string; verbosity?: string; address?: string; help?: boolean; version?: boolean } } {
  try {
    return parseArgs({
      args: [...words], strict: true, allowPositionals: false,
      options: { logger: { type: 'string', short: 'l' }, verbosity: { type: 'string', short: 'V' }, address: { type: 'string', short: 'a' }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
    });
  } catch (error) {
    throw fail('bad-argument', error instanceof Error ? error.message : String(error), { hint: 'see: multipassd --help', cause: error });
  }
}

/** @param env  written into: from here on the home is known under its own name */
export function contractOf({ logger, verbosity, address }: MultipassdOptions, env: Record<string, string | undefined>, write: (text: string) => void): Contract {
  const home = homeOfStorage(env);
  if (home !== undefined) env['HOLDFAST_HOME'] = home;
  // Of a journal: it takes the priority from the line. Otherwise the home's log is the platform's.
  const journal = env['JOURNAL_STREAM'] !== undefined;
  return {
    socket: address === undefined ? undefined : socketOfAddress(address),
    exitAfterSetting: SETTING_CHANGED,
    echo(cause, line, remedy) {
      const level = levelOf(cause, remedy);
      if (!isShown(level, verbosity) || (logger === 'platform' && !journal)) return;
      write(logger === 'platform' ? `<${PRIORITIES[level]}>${line}` : `[${level}] ${line}`);
    },
  };
}
