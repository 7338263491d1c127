/**
 * The framed command of the console rung: what is typed into a raw root shell, and how its answer is found among
 * echoes, kernel messages and prompts. Pure; the marker is random, so that no output can forge an end.
 */
import { fail } from '../../core/errors.ts';
import type { ExecExit, ExecRequest } from '../shell.ts';
import { commandLine, quote } from '../ssh/quote.ts';

/** A line discipline takes at most 4095 characters in one line. */
const CHUNK = 1024;
/** Each output is cut here: a serial line is slow, and the guest is not to be trusted. */
export const MOST_OUTPUT = 1024 * 1024;
/** Both outputs in base64 with line ends, and as much of other people's messages again. */
export const MOST_ANSWER = 8 * MOST_OUTPUT;

/** The lines to type. Between the marks comes base64 only, so whatever a kernel message adds is seen as damage. */
export function consoleLines(request: ExecRequest, marker: string, user: string | undefined): string {
  const line = commandLine(request) ?? '';
  if (line === '' || request.command.length === 0) throw fail('not-supported', 'a serial console cannot carry a terminal', { hint: 'Give a command, or attach to the console itself.' });
  const inner = user === undefined
    ? line
    : `h=$(getent passwd ${quote(user)} | cut -d: -f6); cd "$h" 2>/dev/null || cd /; exec runuser -u ${quote(user)} -- env HOME="$h" USER=${quote(user)} LOGNAME=${quote(user)} sh -c ${quote(line)}`;
  const script = [
    'd=$(mktemp -d /run/holdfast.XXXXXX || mktemp -d) || exit 1',
    "trap 'rm -rf \"$d\"; exit 130' INT HUP TERM",
    `sh -c ${quote(inner)} </dev/null >"$d/o" 2>"$d/e"; c=$?`,
    // In two halves: an echo of this text must not look like the mark itself.
    `m=${marker.slice(0, 8)}; m="$m"${marker.slice(8)}`,
    'printf "\\n%s-out\\n" "$m"; head -c ' + MOST_OUTPUT + ' "$d/o" | base64',
    'printf "\\n%s-err\\n" "$m"; head -c ' + MOST_OUTPUT + ' "$d/e" | base64',
    // The end comes last: what follows it is met by the interrupt of the next command.
    'rm -rf "$d"; printf "\\n%s-end %d\\n" "$m" "$c"',
  ].join('\n');
  const coded = Buffer.from(script).toString('base64');
  const parts = coded.match(new RegExp(`.{1,${CHUNK}}`, 'g')) ?? [];
  return ['', ' stty -echo 2>/dev/null; hf=', ...parts.map((part) => ` hf=$\{hf}${part}`), ' printf %s "$hf" | base64 -d | sh', ''].join('\n');
}

export interface ConsoleAnswer {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exit: ExecExit;
}

/** @returns undefined while the end has not come. @throws guest-unreachable when what came cannot be read */
export function parseConsole(text: string, marker: string): ConsoleAnswer | undefined {
  const end = new RegExp(`${marker}-end (\\d{1,3})\\r?\\n`).exec(text);
  if (end === null) return undefined;
  const out = text.indexOf(`${marker}-out`);
  const err = text.indexOf(`${marker}-err`, out);
  if (out < 0 || err < out || end.index < err) throw damaged();
  const code = Number(end[1]);
  if (code > 255) throw damaged();
  return {
    stdout: decode(text.slice(out + marker.length + 4, err)),
    stderr: decode(text.slice(err + marker.length + 4, end.index)),
    // A shell tells of a signal by 128 + its number; no program ends with more than 255.
    exit: { code },
  };
}

function decode(text: string): Buffer {
  const coded = text.replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(coded) || coded.length % 4 !== 0) throw damaged();
  return Buffer.from(coded, 'base64');
}

function damaged(): Error {
  return fail('guest-unreachable', 'other messages on the serial console damaged the answer', { hint: 'Try again.' });
}
