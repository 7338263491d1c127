/** Why a transfer does not go on, in words. */
import { fail, HoldfastError } from '../../core/errors.ts';
import { getSystemErrorMap } from 'node:util';

export function refused(path: string, why: string, hint?: string): HoldfastError {
  return fail('transfer-failed', `${path} ${why}`, { hint });
}

/** What the system says of a file below that path here; what is no such error stays what it is. */
export function cannotRead(path: string, error: unknown): unknown {
  const where = error instanceof Error && 'path' in error && (typeof error.path === 'string' || Buffer.isBuffer(error.path)) ? error.path.toString() : path;
  return inWords('cannot read', where, error);
}

/** @param path  its final name: the system's own words have the one that it has until it is whole */
export function cannotWrite(path: string, error: unknown): unknown {
  return inWords('cannot write', path, error);
}

function inWords(what: string, path: string, error: unknown): unknown {
  if (error instanceof HoldfastError || !(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') return error;
  const [, words = error.message] = getSystemErrorMap().get(error.errno) ?? [];
  return fail('transfer-failed', `${what} ${path}: ${words}`, { cause: error });
}
