/** Tries from the host whether an address answers. */
import { connect } from 'node:net';
import type { Probe } from '../../core/network/probe.ts';
import { HoldfastError } from '../../core/errors.ts';
import { run } from '../process/run.ts';
import { ipJson } from './tools.ts';

export interface ProbeLimits {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

const TRY_MS = 2_000;
const BETWEEN_MS = 300;
const SSH_PORT = 22;

/** @returns why it failed; undefined when it worked  @throws cancelled, tool-missing */
export async function probeFromHost({ kind, address, port }: Probe, limits: ProbeLimits): Promise<string | undefined> {
  return await until(limits, async (leftMs) => (kind === 'tcp' ? await connects(address, port ?? 0, leftMs, limits.signal) : await pings(address, limits.signal)));
}

/**
 * A refused connection is an answer too. A guest whose firewall lets nothing in still says where its address is, and that it
 * is this card that has it.
 */
export async function hostReaches(address: string, mac: string, limits: ProbeLimits): Promise<boolean> {
  return await until(limits, async (leftMs) => {
    const why = await connects(address, SSH_PORT, leftMs, limits.signal);
    if (why === undefined || why === 'ECONNREFUSED' || await neighbour(address) === mac.toLowerCase()) return undefined;
    return why;
  }) === undefined;
}

async function until({ withinMs, signal }: ProbeLimits, attempt: (leftMs: number) => Promise<string | undefined>): Promise<string | undefined> {
  const end = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const why = await attempt(Math.min(TRY_MS, Math.max(1, end - performance.now())));
    if (why === undefined || performance.now() + BETWEEN_MS > end) return why;
    await new Promise((resolve) => { setTimeout(resolve, BETWEEN_MS); });
  }
}

function connects(host: string, port: number, withinMs: number, signal: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port, timeout: withinMs });
  const over = (why: string | undefined): void => {
    signal.removeEventListener('abort', cancelled);
    socket.destroy();
    resolve(why);
  };
  const cancelled = (): void => over('it was cancelled');
  socket.once('connect', () => over(undefined)).once('timeout', () => over('it does not answer'));
  socket.once('error', (error: NodeJS.ErrnoException) => over(error.code ?? error.message));
  signal.addEventListener('abort', cancelled, { once: true });
  return promise;
}

async function pings(address: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await run({ tool: 'ping', args: ['-n', '-q', '-c', '1', '-W', '1', address], package: 'iputils-ping', deadlineMs: 5_000, signal });
    return undefined;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'machine-failed') return 'it does not answer';
    throw error;
  }
}

/** Whose card answered for the address, as the kernel has it. */
async function neighbour(address: string): Promise<string | undefined> {
  const found = (await ipJson('neighbour', 'show', address)).find(({ lladdr, state }) => typeof lladdr === 'string' && !(Array.isArray(state) && state.includes('FAILED')));
  return typeof found?.['lladdr'] === 'string' ? found['lladdr'].toLowerCase() : undefined;
}
