/** One QEMU's monitor, taken again when its connection is lost and QEMU runs on. */
import { fail } from '../../core/errors.ts';
import { waitForEnd, type ProcessIdentity } from '../../host/process/identity.ts';
import { QmpClient } from './qmp/client.ts';
import type { QmpEvent } from './qmp/messages.ts';
import { RetakePauses } from './retake-pauses.ts';

export interface HeldMonitorParts {
  readonly name: string;
  /** As the monitor gives it. */
  readonly uuid: string;
  /** Of its socket. */
  readonly path: string;
  readonly identity: ProcessIdentity;
  /** Held from now on. */
  readonly first: QmpClient;
  /** QEMU is ending because somebody wants it to: that may take a moment. */
  readonly isEndAsked: () => boolean;
  readonly log: (cause: string, message: string) => void;
  /** Called with each connection, the first one too, to ask for what was missed. Where it fails with a later one, the next is tried. */
  readonly taken: (monitor: QmpClient) => Promise<void>;
  readonly event: (event: QmpEvent) => void;
  /** The process has ended. Not called once it was let go of. */
  readonly ended: () => Promise<void>;
}

const MONITOR_DEADLINE_MS = 5_000;
/** From a connection's end to the process's own. */
const END_MS = { asked: 10_000, unasked: 2_000 };

export class HeldMonitor implements AsyncDisposable {
  readonly #parts: HeldMonitorParts;
  readonly #retaken = new Set<() => Promise<void>>();
  readonly #failed = (error: unknown): void =>
    this.#parts.log('qemu-monitor', `${this.#parts.name}: ${error instanceof Error ? error.message : String(error)}`);
  readonly #pauses = new RetakePauses();
  #current: QmpClient;
  #since = 0;
  #released = false;

  constructor(parts: HeldMonitorParts) {
    this.#parts = parts;
    this.#current = parts.first;
  }

  get current(): QmpClient {
    return this.#current;
  }

  /** @throws what `taken` throws for the first connection */
  async follow(): Promise<void> {
    await this.#follow(this.#current);
  }

  /** @param listener  called when the monitor had been lost and is there again: what was under way then has failed */
  onRetaken(listener: () => Promise<void>): void {
    this.#retaken.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released = true;
    await this.#current[Symbol.asyncDispose]();
  }

  async #follow(monitor: QmpClient): Promise<void> {
    this.#current = monitor;
    this.#since = performance.now();
    monitor.onEvent(this.#parts.event, this.#failed);
    void monitor.closed.then((reason) => this.#closed(reason)).catch(this.#failed);
    await this.#parts.taken(monitor);
  }

  async #closed(reason: string): Promise<void> {
    if (this.#released) return;
    const { identity, name, isEndAsked, log, ended } = this.#parts;
    this.#pauses.lost(performance.now() - this.#since);
    if (!(await waitForEnd(identity, isEndAsked() ? END_MS.asked : END_MS.unasked))) {
      log('qemu-monitor', `${name}: ${reason}, but QEMU runs; connecting again`);
      if (await this.#retake() !== 'ended') return;
    }
    await ended();
  }

  /** Its guest goes on without a monitor, and is reached as before: that is no reason to end it. */
  async #retake(): Promise<'retaken' | 'released' | 'ended'> {
    for (;;) {
      if (await waitForEnd(this.#parts.identity, this.#pauses.next())) return 'ended';
      if (this.#released) return 'released';
      const monitor = await this.#connectAgain().catch(() => undefined);
      if (this.#released) {
        await monitor?.[Symbol.asyncDispose]();
        return 'released';
      }
      if (monitor !== undefined) {
        // From here on its own end is what tells that it is lost.
        await this.#follow(monitor).catch(() => monitor[Symbol.asyncDispose]());
        for (const listener of this.#retaken) await listener().catch(this.#failed);
        return 'retaken';
      }
    }
  }

  /** Whoever listens there must be this machine's: the directory is its QEMU's. @throws machine-failed */
  async #connectAgain(): Promise<QmpClient> {
    const { path, uuid, name } = this.#parts;
    const monitor = await QmpClient.connect(path, MONITOR_DEADLINE_MS);
    try {
      if ((await monitor.execute('query-uuid')).UUID === uuid) return monitor;
      throw fail('machine-failed', `another machine's monitor is where that of ${name} was`);
    } catch (error) {
      await monitor[Symbol.asyncDispose]();
      throw error;
    }
  }
}
