/**
 * Runs long work as operations: recorded before each step, followed by anybody, cancelled by anybody, and found again by
 * the next daemon when this one dies in between.
 */
import { randomUUID } from 'node:crypto';
import type { WireOperation } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';
import type { OperationRow, OperationStore } from '../../store/operations.ts';
import type { EventHub } from '../event-hub.ts';
import { LiveOperation } from './live-operation.ts';

const KEPT_IN_STORE = 500;

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

export class OperationEngine {
  readonly #live = new Map<string, LiveOperation>();
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
    return live?.follow(listener) ?? (() => {});
  }

  /** Resolves when it has ended, one way or another. */
  async cancel(id: string, why = 'it was cancelled'): Promise<WireOperation> {
    const live = this.#live.get(id);
    live?.cancel(fail('cancelled', why));
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

  #run(initial: WireOperation, begin: Begin, step: string): WireOperation {
    const live = new LiveOperation({
      initial, begin, step, store: this.#store, onStep: this.#onStep, onBug: this.#onBug,
      changed: () => this.#events.publish({ type: 'operation', operation: initial.id }, begin.owner),
      over: () => void this.#live.delete(initial.id),
    });
    this.#live.set(initial.id, live);
    live.run();
    return live.record;
  }
}
