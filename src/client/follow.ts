/**
 * Follows an operation to its end by its id, through whatever happens to the daemon in between: the next one goes on
 * with it under the same id.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireOperation } from '../api/schemas.ts';
import { HoldfastError, type ErrorCode } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { eventData } from './event-stream.ts';
import { pathOf } from './paths.ts';
import { cancelled, connectionError, send } from './request.ts';

export interface Follow {
  readonly socket: Endpoint;
  readonly id: string;
  readonly onChange: (operation: WireOperation) => void;
  readonly signal?: AbortSignal | undefined;
  /** Called when nobody has come back by himself: starts a daemon. */
  readonly revive: () => Promise<void>;
  /** Since a daemon was last there. */
  readonly deadlineMs?: number;
}

/** Whoever supervises the daemon comes first: a second one started meanwhile would keep his from starting. */
const LEFT_TO_SUPERVISOR_MS = 3_000;
const DEADLINE_MS = 60_000;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_000;
const PASSING: ReadonlySet<ErrorCode> = new Set(['daemon-unreachable', 'daemon-failed', 'daemon-stopping']);

/** @returns the operation as it ended  @throws the last trouble with the daemon once the deadline is over; cancelled */
export async function followOperation(follow: Follow): Promise<WireOperation> {
  const { socket, id, onChange, signal, revive, deadlineMs = DEADLINE_MS } = follow;
  let goneSince = performance.now();
  let wait = FIRST_WAIT_MS;
  for (;;) {
    let connected = false;
    try {
      const answer = await send({ socket, method: 'GET', path: pathOf('followOperation', { id }), headers: { accept: 'text/event-stream' }, signal });
      connected = true;
      for await (const data of eventData(answer)) {
        wait = FIRST_WAIT_MS;
        const operation = JSON.parse(data) as WireOperation;
        onChange(operation);
        if (operation.status !== 'running') {
          answer.destroy();
          return operation;
        }
      }
    } catch (error) {
      if (signal?.aborted) throw cancelled();
      // A stage may be long and silent: what counts is since when nobody is there.
      if (connected) goneSince = performance.now();
      const trouble = connectionError(error);
      if (!PASSING.has(trouble.code) || performance.now() - goneSince > deadlineMs) throw trouble;
    }
    if (connected) goneSince = performance.now();
    await sleep(wait, undefined, { signal }).catch(() => { throw cancelled(); });
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    if (performance.now() - goneSince > LEFT_TO_SUPERVISOR_MS) await revive().catch(rethrowUnlessPassing);
  }
}

function rethrowUnlessPassing(error: unknown): void {
  if (!(error instanceof HoldfastError) || !PASSING.has(error.code)) throw error;
}
