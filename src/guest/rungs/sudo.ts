/** Root by way of the default user, where only his login is left. */
import type { ExecRequest, GuestShell } from '../shell.ts';
import { envWords } from '../ssh/quote.ts';

/** The same command as root. cwd goes inside: the user might not be allowed to enter it. */
export function sudoCommand({ command, cwd, env = {}, terminal }: ExecRequest): ExecRequest {
  const words = envWords(env);
  const program = command.length > 0 ? command : ['sh', '-c', 'cd; exec "${SHELL:-/bin/sh}" -l'];
  const inside = words.length > 0 ? ['env', ...words, ...program] : program;
  const placed = cwd === undefined ? inside : ['sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh', cwd, ...inside];
  return { command: ['sudo', '-n', '-H', '--', ...placed], ...(terminal && { terminal }) };
}

export function withSudo(shell: GuestShell): GuestShell {
  return {
    user: 'root',
    closed: shell.closed,
    get alive() { return shell.alive; },
    exec: (request, signal) => shell.exec(sudoCommand(request), signal),
    [Symbol.asyncDispose]: () => shell[Symbol.asyncDispose](),
  };
}
