/**
 * Runs long work as operations: recorded before each step, followed by anybody, cancelled by anybody, and found again by
 * the next daemon when this one dies in between.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { WireOperation } from '../../api/schemas.ts';
import { errorRecord, fail, HoldfastError } from '../../core/errors.ts';
import type { OperationRow, OperationStore } from '../../store/operations.ts';
import type { EventHub } from '../event-hub.ts';

const KEPT_IN_STORE = 500;
/** Progress is told at most this often; the last word always is. */
const PROGRESS_MS = 100;

export interface Task {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly progress: (stage: string, fraction?: number) => void;
  /** Something the user should read that is no error. */
  readonly notice: (text: string) => void;
  /** Recorded before the step begins: where a daemon that dies here is found again. */
  readonly step: (name: string) => void;
  /** Which instance it works on, once that is known. */
  readonly bind: (instanceId: string) => void;
}

export type Result = Readonly<Record<string, string>>;

export interface Begin {
  readonly kind: string;
  readonly instanceName: string | null;
  readonly instanceId: string | null;
  readonly request: unknown;
  /** uid of who asked for it; null: the daemon's own user. */
  readonly owner: number | null;
  readonly body: (task: Task) => Promise<Result>;
}

interface Live {
  record: WireOperation;
  readonly owner: number | null;
  readonly abort: AbortController;
  readonly listeners: Set<(record: WireOperation) => void>;
  readonly ended: Promise<void>;
}

export class OperationEngine {
  readonly #live = new Map<string, Live>();
  readonly #store: OperationStore;
  readonly #events: EventHub;
  readonly #onStep: (kind: string, step: string) => void;
  readonly #onBug: (kind: string, instance: string | null, error: unknown) => void;

  /** @param onStep  called when a step was recorded and has not begun; tests end the daemon there */
  constructor(store: OperationStore, events: EventHub, hooks: {
    onStep: (kind: string, step: string) => void;
    onBug: (kind: string, instance: string | null, error: unknown) => void;
  }) {
    this.#store = store;
    this.#events = events;
    this.#onStep = hooks.onStep;
    this.#onBug = hooks.onBug;
  }

  begin(begin: Begin): WireOperation {
    const record: WireOperation = {
      id: randomUUID(), kind: begin.kind, instance: begin.instanceName, status: 'running', stage: '', fraction: null,
      notices: [], error: null, result: {}, startedAt: new Date().toISOString(), endedAt: null,
    };
    this.#store.prune(KEPT_IN_STORE);
    this.#store.insert({
      id: record.id, kind: begin.kind, instance: begin.instanceId, step: '', status: 'running',
      request: JSON.stringify(begin.request), record: JSON.stringify(record), startedAt: record.startedAt, owner: begin.owner,
    });
    return this.#run(record, begin, '');
  }

  /** Goes on with what an earlier daemon left, under the same id, so that a client that follows it sees the end. */
  resume(row: OperationRow, body: Begin['body']): WireOperation {
    const record = JSON.parse(row.record) as WireOperation;
    return this.#run(record, { kind: row.kind, instanceName: record.instance, instanceId: row.instance, request: null, owner: row.owner, body }, row.step);
  }

  get(id: string): WireOperation {
    const live = this.#live.get(id);
    if (live) return live.record;
    const row = this.#store.get(id);
    if (!row) throw fail('operation-not-found', `there is no operation ${id}`);
    return JSON.parse(row.record) as WireOperation;
  }

  /** @returns undefined where there is no such operation */
  ownerOf(id: string): number | null | undefined {
    const live = this.#live.get(id);
    return live ? live.owner : this.#store.get(id)?.owner;
  }

  /** The listener is called with the operation as it stands and at each change. @returns a function that stops it */
  follow(id: string, listener: (record: WireOperation) => void): () => void {
    const live = this.#live.get(id);
    listener(this.get(id));
    if (!live) return () => {};
    live.listeners.add(listener);
    return () => live.listeners.delete(listener);
  }

  /** Resolves when it has ended, one way or another. */
  async cancel(id: string, why = 'it was cancelled'): Promise<WireOperation> {
    const live = this.#live.get(id);
    live?.abort.abort(fail('cancelled', why));
    await live?.ended;
    return this.get(id);
  }

  async ended(id: string): Promise<WireOperation> {
    await this.#live.get(id)?.ended;
    return this.get(id);
  }

  get running(): readonly WireOperation[] {
    return [...this.#live.values()].map(({ record }) => record);
  }

  #run(initial: WireOperation, begin: Begin, firstStep: string): WireOperation {
    const abort = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const live: Live = { record: initial, owner: begin.owner, abort, listeners: new Set(), ended: promise };
    this.#live.set(initial.id, live);
    let step = firstStep;
    let instanceId = begin.instanceId;
    let toldAt = Number.NEGATIVE_INFINITY;
    const keep = () => this.#store.update(initial.id, { step, status: live.record.status, record: JSON.stringify(live.record), instance: instanceId });
    const change = (part: Partial<WireOperation>) => {
      live.record = { ...live.record, ...part };
      const now = performance.now();
      if (part.fraction !== undefined && part.stage === undefined && now - toldAt < PROGRESS_MS) return;
      toldAt = now;
      for (const listener of live.listeners) listener(live.record);
      this.#events.publish({ type: 'operation', operation: initial.id }, begin.owner);
    };
    const task: Task = {
      id: initial.id,
      signal: abort.signal,
      progress(stage, fraction) {
        const same = stage === live.record.stage;
        change(same ? { fraction: fraction ?? null } : { stage, fraction: fraction ?? null });
      },
      notice(text) {
        if (!live.record.notices.includes(text)) change({ notices: [...live.record.notices, text] });
      },
      step: (name) => {
        abort.signal.throwIfAborted();
        step = name;
        keep();
        this.#onStep(begin.kind, name);
      },
      bind(id) {
        instanceId = id;
        keep();
      },
    };
    const end = (part: Partial<WireOperation>) => {
      live.record = { ...live.record, ...part, endedAt: new Date().toISOString() };
      try {
        keep();
        this.#live.delete(initial.id);
      } catch (error) {
        // It stays in memory: who waits for it, or asks later, is told all the same. The next daemon looks again.
        if (!(error instanceof HoldfastError)) this.#onBug(begin.kind, begin.instanceName, error);
      }
      for (const listener of live.listeners) listener(live.record);
      this.#events.publish({ type: 'operation', operation: initial.id }, begin.owner);
      resolve();
    };
    // Whoever asked has the operation's id before the work begins.
    void setImmediate().then(() => begin.body(task)).then(
      (result) => end({ status: 'done', result: { ...result } }),
      (error: unknown) => {
        const cancelled = abort.signal.aborted && (error === abort.signal.reason || isCancellation(error));
        const shown = cancelled && !(error instanceof HoldfastError) ? abort.signal.reason as unknown : error;
        if (!(shown instanceof HoldfastError)) this.#onBug(begin.kind, begin.instanceName, shown);
        end({ status: cancelled ? 'cancelled' : 'failed', error: errorRecord(shown) });
      },
    );
    return live.record;
  }
}

function isCancellation(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error instanceof HoldfastError && error.code === 'cancelled'));
}
