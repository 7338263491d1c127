/** The running machine as the daemon sees it: a hypervisor process, and the guest held through it. */
import type { GuestAccess } from '../../guest/access.ts';
import type { AddressPort, LanePort } from '../../guest/lane-port.ts';
import type { ConsoleAttachment, MachineEnd, MachineEvents, NativeDevice, RunningMachine } from '../driver.ts';
import type { Accelerator } from './command-line/input.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { QmpClient } from './qmp/client.ts';

/** From a fork's card to the last of its services, in milliseconds. */
/** A fork's card is there a moment after its launch, or lacks something. */
export const WHOLE_MS = 30_000;
const SERVICES_MS = { emulated: 10_000, native: 2_000 };

/** Within which a guest answers that is no more than busy. */
const ANSWER_MS = { emulated: 6_000, native: 3_000 };

export interface QemuMachineParts {
  readonly id: string;
  readonly accelerator: Accelerator;
  readonly notice: string | null;
  readonly startedAt: string;
  readonly hypervisor: Hypervisor;
  readonly guest: GuestAccess;
  /** Its sshd, as the host reaches it. */
  readonly address: AddressPort;
  /** When a fork has all that its machine is to have. */
  readonly whole: Promise<void> | undefined;
  /** Settled when what an earlier daemon did not come to plug in is plugged in, or cannot be. */
  readonly cardsBack: Promise<void>;
  readonly natives: readonly NativeDevice[];
}

export class QemuMachine implements RunningMachine {
  readonly id: string;
  readonly accelerator: Accelerator;
  readonly notice: string | null;
  readonly startedAt: string;
  readonly guest: GuestAccess;
  readonly address: AddressPort;
  readonly whole: Promise<void>;
  readonly cardsBack: Promise<void>;
  readonly natives: readonly NativeDevice[];
  readonly #hypervisor: Hypervisor;
  readonly #letGo = new AbortController();
  /** When it had its card; 0 where it had it from the start. */
  #wholeAt: number | undefined;
  readonly #heldAt = performance.now();

  constructor({ id, accelerator, notice, startedAt, hypervisor, guest, address, whole, cardsBack, natives }: QemuMachineParts) {
    this.id = id;
    this.accelerator = accelerator;
    this.notice = notice;
    this.startedAt = startedAt;
    this.guest = guest;
    this.address = address;
    this.natives = natives;
    this.cardsBack = cardsBack;
    this.whole = whole ?? Promise.resolve();
    if (whole === undefined) this.#wholeAt = 0;
    const came = (): void => { this.#wholeAt ??= performance.now(); };
    void this.whole.then(came, came);
    this.#hypervisor = hypervisor;
    hypervisor.askGuestBy(() => this.#answers());
    hypervisor.on({ ended: () => guest.expectEnd() });
    void hypervisor.gone.then(() => guest[Symbol.asyncDispose]());
  }

  /** For what only this driver can do. */
  get monitor(): QmpClient {
    return this.#hypervisor.monitor;
  }

  get hypervisor(): Hypervisor {
    return this.#hypervisor;
  }

  get lanes(): LanePort {
    return this.#hypervisor.lanes;
  }

  get isArriving(): boolean {
    if (this.#wholeAt === 0) return false;
    // A card that is that late lacks something.
    if (this.#wholeAt === undefined) return performance.now() - this.#heldAt < WHOLE_MS;
    return performance.now() - this.#wholeAt < SERVICES_MS[this.accelerator === 'tcg' ? 'emulated' : 'native'];
  }

  get isPaused(): boolean {
    return this.#hypervisor.isPaused;
  }

  get pauseReason(): string | null {
    return this.#hypervisor.pauseReason;
  }

  get end(): MachineEnd | undefined {
    return this.#hypervisor.end;
  }

  on(listener: Partial<MachineEvents>): () => void {
    return this.#hypervisor.on(listener);
  }

  attachConsole(beforeBytes: number): Promise<ConsoleAttachment> {
    return this.#hypervisor.attachConsole(beforeBytes);
  }

  async powerDown(): Promise<void> {
    await this.#hypervisor.monitor.execute('system_powerdown');
  }

  async reset(): Promise<void> {
    await this.#hypervisor.reset();
  }

  async kill(): Promise<void> {
    this.guest.expectEnd();
    await this.#hypervisor.kill();
  }

  async #answers(): Promise<boolean> {
    const deadlineMs = ANSWER_MS[this.accelerator === 'tcg' ? 'emulated' : 'native'];
    return await this.guest.reach('control', { deadlineMs, signal: this.#letGo.signal }).then(() => true, () => this.#letGo.signal.aborted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#letGo.abort();
    await this.guest[Symbol.asyncDispose]();
    await this.#hypervisor[Symbol.asyncDispose]();
  }
}
