/** The command line: finds the command, gives it its context, and ends with its exit code. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { ensureDaemon, listens } from '../client/autostart.ts';
import { createClient, type Client } from '../client/client.ts';
import type { Endpoint } from '../client/endpoint.ts';
import { homeInUse, personsHome } from '../client/home.ts';
import { readyToSend } from '../client/request.ts';
import { remoteEndpoint } from '../client/remote/remote-endpoint.ts';
import { clientEnvironment } from '../core/multipass-contract.ts';
import { calledAs, PROGRAMS, type ProgramName } from '../core/program.ts';
import { VERSION } from '../core/version.ts';
import { lookUpAlias, runAlias } from './aliases/run-alias.ts';
import { isReserved, type Context } from './command.ts';
import { COMPLETE_WORD, completionAnswer } from './completion/answer.ts';
import { COMMANDS, findCommand } from './commands.ts';
import { failureOf, unknownCommand } from './failure.ts';
import { commandHelp, generalHelp } from './help.ts';
import { watchInterrupts } from './interrupts.ts';
import { parseWords } from './parse.ts';
import { ownInput } from './terminal/own-input.ts';

/** What a shell shows for a process that SIGPIPE ended: the reader of our output has left, which is no failure to tell. */
const PIPE_CLOSED = 141;
/** A disk that is full, for one. */
const UNWRITABLE = 2;
const VERBOSE = /^(?:-v+|--verbose)$/;

/** @param script  the CLI as it was started: the daemon lies beside it */
export async function main(given: readonly string[], script: string): Promise<number> {
  const { program, rest: words } = calledAs(given);
  const at = words.findIndex((word) => !VERBOSE.test(word));
  const verbosity = words.slice(0, at < 0 ? words.length : at).reduce((sum, word) => sum + (word.startsWith('--') ? 1 : word.length - 1), 0);
  const [word, ...rest] = at < 0 ? [] : words.slice(at);
  if (word === undefined) return say(generalHelp(COMMANDS, program), 2);
  if (word === '-h' || word === '--help') return say(generalHelp(COMMANDS, program), 0);
  if (word === '-V' || word === '--version') return say(`${PROGRAMS[program].client} ${VERSION}\n`, 0);
  if (word === COMPLETE_WORD) return say(await completionAnswer(rest, COMMANDS, createContext(script, program, 0)), 0);
  let command = findCommand(word);
  try {
    // Multipass's own variables decide for its launchers only.
    if (program === 'multipass') Object.assign(process.env, clientEnvironment(process.env));
    const alias = isReserved(word, COMMANDS, program) ? undefined : await lookUpAlias(process.env, word);
    if (alias) {
      command = undefined;
      return await runAlias(createContext(script, program, verbosity), alias, rest);
    }
    if (!command) return say(unknownCommand(word, program), 1);
    const parsed = parseWords(command, rest);
    if (parsed.help) return say(commandHelp(command, program), 0);
    return await command.run(createContext(script, program, verbosity + parsed.verbosity), parsed) ?? 0;
  } catch (error) {
    const { text, exit } = failureOf(command ?? { name: word, entersGuest: true }, error, verbosity, program);
    process.stderr.write(text);
    return exit;
  }
}

function say(text: string, exit: number): number {
  process.stdout.write(text);
  return exit;
}

function createContext(script: string, calledAs: ProgramName, verbosity: number): Context {
  const signal = watchInterrupts();
  const { stdout, stderr, env } = process;
  const daemonScript = `${dirname(script)}/holdfastd.cjs`;
  const start = async (): Promise<void> => ensureDaemon({
    layout: homeInUse(), script: daemonScript, env, homedir: personsHome(), signal, onSlow: () => { if (stderr.isTTY) stderr.write('Starting the Holdfast daemon\n'); },
  });
  const endpoint = (aside?: { readonly connectMs: number }): Endpoint => {
    const { socket, remote } = homeInUse().run;
    return remote ? remoteEndpoint(remote, { env, connectMs: aside?.connectMs, onFirst: aside ? undefined : (address, fingerprint) => stderr.write(`First connection to ${address}; its certificate is kept: ${fingerprint}\n`) }) : socket;
  };
  const connected = (revive: () => Promise<void>, to = endpoint()): Client => createClient(to, revive);
  return {
    async client() {
      readyToSend();
      await start();
      return connected(start);
    },
    async clientIfRunning(aside) {
      const to = endpoint(aside);
      return await listens(to) ? connected(async () => {}, to) : undefined;
    },
    get stdin() { return ownInput(); },
    stdout, stderr, env, signal, verbosity, daemonScript, calledAs,
    get program() { return programOf(script); },
    isTTY: { get stdin() { return ownInput().isTTY === true; }, stdout: stdout.isTTY, stderr: stderr.isTTY },
  };
}

/** The launcher that lies beside the bundle, where there is one: it finds its Node by itself. */
function programOf(script: string): readonly string[] {
  const launcher = resolve(dirname(script), '../bin/holdfast');
  return existsSync(launcher) ? [launcher] : [process.execPath, resolve(script)];
}

/** Output that is still on its way would be cut off by an exit; stdin that is open would keep the process from its end. */
export async function flushAndExit(code: number): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map(flushed));
  // What went wrong with a write is told a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  process.exit(code);
}

function flushed(stream: Writable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (stream.writableLength === 0 || stream.destroyed) resolve();
  else stream.write('', () => resolve());
  return promise;
}

export function endOnUnwritableOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(PIPE_CLOSED);
      if (stream === process.stdout) process.stderr.write(`cannot write the output: ${error.message}\n`);
      process.exit(UNWRITABLE);
    });
  }
}
