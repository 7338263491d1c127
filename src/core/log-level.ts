/** How grave a line of the daemon's log is. A line with a remedy asks for something to be done; a bug is an error. */

/** From the gravest on; as Multipass's --verbosity names them. */
export const LOG_LEVELS = ['error', 'warning', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** sd-daemon(3): a line on stderr that begins with `<n>` has that priority in the journal (syslog(3)'s numbers). */
export const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, info: 6, debug: 7, trace: 7 };

export function levelOf(cause: string, remedy: string | null): LogLevel {
  if (cause.startsWith('bug')) return 'error';
  return remedy === null ? 'info' : 'warning';
}

export function isShown(level: LogLevel, most: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(most);
}
