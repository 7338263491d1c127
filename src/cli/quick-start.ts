/**
 * Runs a bundle with the code that V8 had made of it when it was built: to compile it anew takes a third of a small command's
 * time beyond Node's own. Where that code is missing, or of another Node or other flags, V8 says so and compiles.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** Where a bundle's code lies. */
export function codePath(bundle: string): string {
  return `${bundle}.code`;
}

/** @param code  of codePath() @returns a bundle that has run; what it has compiled until then can be had of it */
export function runBundle(bundle: string, code: Buffer | undefined): Script {
  // As Node wraps CommonJS modules.
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${readFileSync(bundle, 'utf8')}\n})`, {
    filename: bundle, cachedData: code,
  });
  const module = { exports: {} };
  const body = script.runInThisContext() as (...all: readonly unknown[]) => void;
  body.call(module.exports, module.exports, createRequire(bundle), module, bundle, dirname(bundle));
  return script;
}
