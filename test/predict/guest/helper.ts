/** The program of in-guest.py on a lane of Holdfast's, which needs none of the guest's network: one question, one answer. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CHECKOUT } from '../../real/home.ts';
import type { NetplanFile } from '../../../src/core/netplan/facts.ts';

export interface SeenAddress {
  readonly address: string;
  readonly prefix: number;
  readonly family: 4 | 6;
  readonly scope: 'global' | 'link' | 'host' | 'site';
  readonly dynamic: boolean;
  readonly tentative: boolean;
  readonly failed: boolean;
  readonly validForS: number | null;
}

export interface SeenLink {
  readonly name: string;
  readonly mac: string | null;
  readonly permanentMac: string | null;
  readonly driver: string | null;
  /** It has a device behind it. */
  readonly card: boolean;
  readonly mtu: number;
  readonly up: boolean;
  readonly carrier: boolean;
  /** networkd's word: `configured`, `unmanaged`, … */
  readonly state: string | null;
  readonly file: string | null;
  readonly dns: readonly string[];
  readonly master: string | null;
  readonly lease: string | null;
  readonly addresses: readonly SeenAddress[];
}

export interface SeenRoute {
  readonly family: 4 | 6;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly metric?: number;
  readonly protocol?: string;
  readonly table?: string;
  readonly type?: string;
}

export interface Seen {
  readonly links: readonly SeenLink[];
  readonly routes: readonly SeenRoute[];
  readonly rules: readonly string[];
}

export interface Restored {
  readonly seconds: number;
  readonly same: boolean;
  /** networkd had to begin anew. */
  readonly anew: boolean;
  readonly differs: readonly { readonly what: string; readonly was: unknown; readonly is: unknown }[];
}

export interface GuestHelper extends AsyncDisposable {
  look(): Promise<Seen>;
  remember(): Promise<{ readonly files: readonly NetplanFile[] }>;
  put(wanted: readonly NetplanFile[], how: 'reload' | 'apply', cards: readonly string[]): Promise<{ readonly code: number; readonly said: string }>;
  /** What a boot would make of the files that are there. */
  beginAnew(): Promise<{ readonly code: number }>;
  settle(wanted: readonly (readonly [link: string, address: string])[], earlyS: number, lateS: number): Promise<{ readonly seconds: number; readonly there: boolean }>;
  restore(applied: boolean, patienceS: number): Promise<Restored>;
}

const ANSWER_MS = 240_000;
const END_MS = 10_000;

export async function startHelper(homeDirectory: string, instance: string): Promise<GuestHelper> {
  const program = await readFile(join(import.meta.dirname, 'in-guest.py'), 'utf8');
  const child = spawn(join(CHECKOUT, 'bin/holdfast'), ['exec', instance, '--', 'sudo', 'python3', '-u', '-c', program], {
    env: { ...process.env, HOLDFAST_HOME: homeDirectory }, stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said = `${said}${text}`.slice(-2000); });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async <T>(question: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS);
    try {
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`the helper in ${instance} ended, or took over ${ANSWER_MS / 1000} s: ${said}`);
      const answer = JSON.parse(value) as { ok: T } | { failed: string };
      if ('failed' in answer) throw new Error(`in ${instance}: ${answer.failed}`);
      return answer.ok;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    look: () => ask({ do: 'look' }),
    remember: () => ask({ do: 'remember' }),
    put: (wanted, how, cards) => ask({ do: 'put', wanted, how, cards }),
    beginAnew: () => ask({ do: 'begin_anew' }),
    settle: (wanted, early, late) => ask({ do: 'settle', wanted, early, late }),
    restore: (applied, patience) => ask({ do: 'restore', applied, patience }),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
