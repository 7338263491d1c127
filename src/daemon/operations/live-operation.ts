/** One operation while it is under way: what it tells, what is kept of it, who follows it, and how it ends. */
import { setImmediate } from 'node:timers/promises';
import type { WireOperation } from '../../api/schemas.ts';
import { errorRecord, HoldfastError } from '../../core/errors.ts';
import type { OperationStore } from '../../store/operations.ts';
import type { Begin, Task } from './engine.ts';

/** Progress is told at most this often; the last word always is. */
const PROGRESS_MS = 100;

export interface LiveParts {
  readonly initial: WireOperation;
  readonly begin: Begin;
  /** The last that was recorded; empty where none was. */
  readonly step: string;
  readonly store: OperationStore;
  readonly onStep: (kind: string, step: string) => void;
  readonly onBug: (kind: string, instance: string | null, error: unknown) => void;
  /** Called when those who follow it have been told. */
  readonly changed: () => void;
  /** Its end is kept. */
  readonly over: () => void;
}

export class LiveOperation {
  readonly #parts: LiveParts;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<(record: WireOperation) => void>();
  readonly #ended = Promise.withResolvers<void>();
  #record: WireOperation;
  #step: string;
  #instanceId: string | null;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Resolves when it has ended, one way or another. */
  readonly ended: Promise<void> = this.#ended.promise;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#record = parts.initial;
    this.#step = parts.step;
    this.#instanceId = parts.begin.instanceId;
  }

  get record(): WireOperation {
    return this.#record;
  }

  get owner(): number | null {
    return this.#parts.begin.owner;
  }

  run(): void {
    const { body } = this.#parts.begin;
    // Whoever asked has the operation's id before the work begins.
    void setImmediate().then(() => body(this.#task())).then(
      (result) => this.#end({ status: 'done', result: { ...result } }),
      (error: unknown) => this.#failed(error),
    );
  }

  cancel(reason: HoldfastError): void {
    this.#abort.abort(reason);
  }

  /** @returns a function that stops it */
  follow(listener: (record: WireOperation) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #task(): Task {
    return {
      id: this.#record.id,
      signal: this.#abort.signal,
      progress: (stage, fraction) => {
        const same = stage === this.#record.stage;
        this.#change(same ? { fraction: fraction ?? null } : { stage, fraction: fraction ?? null });
      },
      notice: (text) => {
        if (!this.#record.notices.includes(text)) this.#change({ notices: [...this.#record.notices, text] });
      },
      step: (name) => {
        this.#abort.signal.throwIfAborted();
        this.#step = name;
        this.#keep();
        this.#parts.onStep(this.#parts.begin.kind, name);
      },
      bind: (id) => {
        this.#instanceId = id;
        this.#keep();
      },
    };
  }

  #change(part: Partial<WireOperation>): void {
    this.#record = { ...this.#record, ...part };
    const now = performance.now();
    if (part.fraction !== undefined && part.stage === undefined && now - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = now;
    this.#tell();
  }

  #failed(error: unknown): void {
    const { signal } = this.#abort;
    const cancelled = signal.aborted && (error === signal.reason || isCancellation(error));
    const shown = cancelled && !(error instanceof HoldfastError) ? signal.reason as unknown : error;
    if (!(shown instanceof HoldfastError)) this.#bug(shown);
    this.#end({ status: cancelled ? 'cancelled' : 'failed', error: errorRecord(shown) });
  }

  #end(part: Partial<WireOperation>): void {
    this.#record = { ...this.#record, ...part, endedAt: new Date().toISOString() };
    try {
      this.#keep();
      this.#parts.over();
    } catch (error) {
      // It stays in memory: who waits for it, or asks later, is told all the same. The next daemon looks again.
      if (!(error instanceof HoldfastError)) this.#bug(error);
    }
    this.#tell();
    this.#ended.resolve();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#record);
    this.#parts.changed();
  }

  #keep(): void {
    const { id, status } = this.#record;
    this.#parts.store.update(id, { step: this.#step, status, record: JSON.stringify(this.#record), instance: this.#instanceId });
  }

  #bug(error: unknown): void {
    const { kind, instanceName } = this.#parts.begin;
    this.#parts.onBug(kind, instanceName, error);
  }
}

function isCancellation(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error instanceof HoldfastError && error.code === 'cancelled'));
}
