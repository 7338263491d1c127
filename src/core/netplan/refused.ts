/** What netplan refuses, on its way from the key where it was noticed to whoever reads the whole. */
import type { Place } from './definition.ts';
import type { Refusal } from './prediction.ts';

export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(code: string, message: string, place: Place) {
    super(message);
    this.refusal = { code, message, place };
  }
}

export function refuse(code: string, message: string, place: Place): never {
  throw new Refused(code, message, place);
}
