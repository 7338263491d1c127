/** What to do about what drivers and guests report to the log, by its cause (or what the cause begins or ends with). */
import { HoldfastError } from '../../core/errors.ts';

const REMEDIES: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^hold:held$|^agent-renewed$|^accelerator$|^disk-space$/, () => 'nothing needs doing'],
  [/^hold:/, (name) => `see: holdfast info ${name}; its console: holdfast logs ${name}`],
  [/:host-key$/, (name) => `nothing was sent to it; if you did not replace its keys, look at its console: holdfast logs ${name}`],
  [/^disk-full$/, (name) => `how it stands: holdfast info ${name}`],
  [/^qemu-monitor$|^machine-state$/, (name) => `if it stays so: holdfast stop --force ${name}`],
  [/^reporter|^agent-renew$/, (name) => `what it says of itself may be out of date; if it stays so: holdfast restart ${name}`],
];

/** Every line says what to do. For a lane that fails that is to look at the hold: another way is tried meanwhile. */
export function remedyFor(cause: string, name: string): string {
  return REMEDIES.find(([pattern]) => pattern.test(cause))?.[1](name) ?? `it is tried again; how it stands: holdfast info ${name}`;
}

/** Of what could not be written down. @param otherwise  where it is not for want of space */
export function remedyForUnkept(error: unknown, otherwise: string): string {
  return error instanceof HoldfastError && error.code === 'no-space' ? 'free some disk space where the home is' : otherwise;
}
