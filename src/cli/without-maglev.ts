/** Turns off what core/node-flags.ts tells of, in a command that has begun already. */
import { setFlagsFromString } from 'node:v8';
import { NODE_FLAGS } from '../core/node-flags.ts';

/**
 * Only when what is needed has been loaded: with a changed flag V8 takes none of the code that Node brings of its own modules,
 * and http alone then takes 20 ms more. Before any function can be hot: a small command has none in its first turn.
 */
export function withoutMaglev(): void {
  for (const flag of NODE_FLAGS) setFlagsFromString(flag);
}
