/**
 * What every Node of ours that lives for long is started with; bin/holdfastd has it in its own text. The command line sets it
 * by itself when it has loaded what it needs (cli/without-maglev.ts).
 *
 * Without Maglev, V8's middle compiler: one of its jobs that wants a garbage collection while the process is about to end
 * waits for the main thread, which waits for the job (nodejs/node issue 54918). Of 60 commands with much output, on a
 * loaded machine, 5 never ended; without it none of 210 did.
 */
export const NODE_FLAGS: readonly string[] = ['--no-maglev'];
