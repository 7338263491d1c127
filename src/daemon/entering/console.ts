/** A look at an instance's serial console: what it said last, and from then on what it says, and keys for it. */
import { fail } from '../../core/errors.ts';
import type { OpenStream } from '../http/stream-socket.ts';
import type { House } from '../instances/house.ts';
import { printable } from '../log/log-reader.ts';

/** About two screens. */
const BEFORE_BYTES = 4096;
const BEFORE_LINES = 20;

/** Starts nothing: a console is there to see what does not come up. @throws instance-not-found, wrong-state, not-supported */
export async function attachConsole(house: House, name: string): Promise<OpenStream> {
  const { machine, state } = house.registry.require(name);
  if (!machine || machine.end?.kind === 'died') {
    throw fail('wrong-state', `${name} has no console now: it is ${state}`, { hint: `what it said last: holdfast console --log ${name}; start it: holdfast start ${name}` });
  }
  if (!machine.attachConsole) throw fail('not-supported', `machines of the driver ${house.driver.name} have no console to attach to`);
  const { before, stream } = await machine.attachConsole(BEFORE_BYTES);
  // What is shown again could ask the terminal something once more, and its answer would be typed at the console.
  return { stream, before: printable(before).split('\n').slice(-BEFORE_LINES).join('\n') };
}
