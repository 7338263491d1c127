/** The refusal of a setting's value, in Multipass's words, with why it will not do. */
import { fail, type HoldfastError } from '../../core/errors.ts';

export function badSetting(key: string, value: string, why: string): HoldfastError {
  return fail('bad-setting', `Invalid setting '${key}=${value.slice(0, 200)}': ${why}`);
}
