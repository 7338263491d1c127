/** For tests of what runs the host's tools: in each, PATH is a directory of its own, empty at first. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

export interface OwnPath {
  readonly directory: string;
  /** @param script  of sh */
  tool(name: string, script: string): void;
}

/** Called at a test file's top. */
export function ownPath(): OwnPath {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hf-tools-'));
    vi.stubEnv('PATH', directory);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });
  return {
    get directory() { return directory; },
    tool: (name, script) => writeFileSync(join(directory, name), `#!/bin/sh\n${script}`, { mode: 0o755 }),
  };
}
