/**
 * What every Node of ours is started with; the launchers in bin/ have it in their own text.
 *
 * Without Maglev, V8's middle compiler: one of its jobs that wants a garbage collection while the process is about to end
 * waits for the main thread, which waits for the job (nodejs/node issue 54918). Of 60 commands with much output, on a
 * loaded machine, 5 never ended; without it none of 210 did. To turn it off from inside costs a command 3 ms.
 */
export const NODE_FLAGS: readonly string[] = ['--no-maglev'];
