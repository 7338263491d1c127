/** What older Holdfasts have put into guests: frozen, one file for each released version of the agent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FrozenAgent {
  readonly version: string;
  /** Without keys, which differ by instance; only one that older guests lack comes with a renewal. */
  readonly files: readonly { readonly path: string; readonly mode: number; readonly content: string }[];
}

/** Oldest first. */
export const AGENT_VERSIONS = ['0.4.0', '0.6.1', '0.7.1', '0.7.2', '0.7.3', '0.7.4'] as const;

export function frozenAgent(version: string): FrozenAgent {
  return JSON.parse(readFileSync(join(import.meta.dirname, `agent-${version}.json`), 'utf8')) as FrozenAgent;
}
