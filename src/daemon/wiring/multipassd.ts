/**
 * What a service manager asks of multipassd, as Holdfast's daemon keeps it: a log on stderr, an address to listen on, an
 * exit code that says "start me again" once a setting of the daemon's own was changed.
 */
import { parseArgs } from 'node:util';
import { fail } from '../../core/errors.ts';
import type { HomeLayout } from '../../core/home.ts';
import { isShown, levelOf, LOG_LEVELS, PRIORITIES, type LogLevel } from '../../core/log-level.ts';
import { homeOfStorage } from '../../core/multipass-contract.ts';
import { parseAddress, type ServerAddress } from '../../core/server-address.ts';
import { homeHere } from './home.ts';

export interface Contract {
  /** The home as it would be without MULTIPASS_STORAGE, where that decides it. */
  readonly usual: HomeLayout | undefined;
  /** Each line of the log once more. */
  readonly echo: (cause: string, line: string, remedy: string | null) => void;
  /** Told of each setting that is for all, when it was changed; absent: nothing is to happen. */
  readonly exitAfterSetting: number;
}

export interface MultipassdOptions {
  readonly logger: 'stderr' | 'platform';
  readonly verbosity: LogLevel;
  /** Where to listen besides the home's socket. */
  readonly address: ServerAddress | undefined;
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
  -a, --address <address>       unix:<path>, a socket besides the home's, or <host>:<port>,
                                for clients that authenticate themselves over TLS
  -v, --version                 show the version
  -h, --help                    show this help

Environment:
  MULTIPASS_STORAGE             the home is "holdfast" in it; clients need not know it
  MULTIPASS_SERVER_ADDRESS      as --address
`;

/** @param words  behind the launcher's own  @throws bad-argument */
export function multipassdOptions(words: readonly string[], env: Readonly<Record<string, string | undefined>>): MultipassdOptions {
  const { values } = parsed(words);
  const logger = LOGGERS.find((known) => known === (values.logger ?? 'platform'));
  if (logger === undefined) throw fail('bad-argument', `invalid logger: ${values.logger}`, { hint: `one of: ${LOGGERS.join(', ')}` });
  const verbosity = LOG_LEVELS.find((known) => known === (values.verbosity ?? 'info'));
  if (verbosity === undefined) throw fail('bad-argument', `invalid verbosity: ${values.verbosity}`, { hint: `one of: ${LOG_LEVELS.join(', ')}` });
  const address = values.address ?? (env['MULTIPASS_SERVER_ADDRESS'] || undefined);
  return { logger, verbosity, address: address === undefined ? undefined : parseAddress(address), wants: values.help ? 'help' : values.version ? 'version' : 'serve' };
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
export function contractOf({ logger, verbosity }: MultipassdOptions, env: Record<string, string | undefined>, write: (text: string) => void): Contract {
  const home = homeOfStorage(env);
  const without = home === undefined ? undefined : homeHere(env);
  const usual = without?.home === home ? undefined : without;
  if (home !== undefined) env['HOLDFAST_HOME'] = home;
  // Of a journal: it takes the priority from the line. Otherwise the home's log is the platform's.
  const journal = env['JOURNAL_STREAM'] !== undefined;
  return {
    usual,
    exitAfterSetting: SETTING_CHANGED,
    echo(cause, line, remedy) {
      const level = levelOf(cause, remedy);
      if (!isShown(level, verbosity) || (logger === 'platform' && !journal)) return;
      write(logger === 'platform' ? `<${PRIORITIES[level]}>${line}` : `[${level}] ${line}`);
    },
  };
}
