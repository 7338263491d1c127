/** Runs test files in a process of their own, and counts by vitest's own report. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Ran {
  readonly passed: number;
  /** At least 1 when nothing ran, or when the process failed though no test did. */
  readonly failed: number;
  readonly cases: readonly { readonly name: string; readonly passed: boolean; readonly seconds: number }[];
}

/** The part of vitest's JSON report that is used here; durations are in milliseconds. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly { readonly title: string; readonly status: string; readonly duration?: number }[] }[];
}

export async function runVitest(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const scratch = mkdtempSync('/var/tmp/hf-test-');
  const remove = (): void => rmSync(scratch, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const path = join(scratch, 'report.json');
    const code = await runNode(['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${path}`, ...args], env);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return { passed: 0, failed: 1, cases: [] };
    const { numPassedTests: passed, numFailedTests, testResults } = JSON.parse(text) as Report;
    const cases = testResults.flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ title, status, duration = 0 }) => ({ name: title, passed: status === 'passed', seconds: duration / 1000 }));
    return { passed, failed: numFailedTests === 0 && (code !== 0 || passed === 0) ? 1 : numFailedTests, cases };
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** It does not outlive this process. @returns the exit code */
export function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NO_COLOR: '1', ...env } });
    const end = (): void => { child.kill('SIGTERM'); };
    process.once('exit', end);
    child.once('error', reject).once('close', (code) => {
      process.off('exit', end);
      resolve(code ?? 1);
    });
  });
}
