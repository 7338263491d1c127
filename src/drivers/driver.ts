/**
 * The port behind which machines run. A core of methods plus declared abilities; nothing here knows of processes,
 * files or monitors. Call order: create -> start|adopt -> (RunningMachine …) -> remove. Every method is idempotent
 * in this sense: called again after an interruption it finishes what the first call left.
 */
import type { Architecture, InstanceSpec } from '../core/instance.ts';
import type { GuestAccess } from '../guest/access.ts';

export interface DriverAbilities {
  readonly fork: boolean;
  readonly suspend: boolean;
  readonly hotPlug: boolean;
  readonly snapshot: boolean;
  readonly console: boolean;
  readonly sharedMemory: boolean;
}

/** Everything a driver must know to lay out a machine. */
export interface MachineSpec {
  readonly id: string;
  readonly name: string;
  /** What cloud-init knows it by. */
  readonly instanceId: string;
  readonly architecture: Architecture;
  readonly spec: InstanceSpec;
  /** Zone of the host, for the guest's clock display (IANA name). */
  readonly timezone: string;
  /** The user's own cloud-init data, as given. */
  readonly userData: Uint8Array | undefined;
}

/** Long work tells what it is at; a fraction in 0..1 where it is known. */
export type Progress = (stage: string, fraction?: number) => void;

export interface Work {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export type MachineEnd =
  /** The guest shut itself down, or was asked to. */
  | { readonly kind: 'powered-off' }
  /** The machine monitor ended or was killed. */
  | { readonly kind: 'died'; readonly reason: string }
  /** Its state was saved; starting it takes it up again. */
  | { readonly kind: 'suspended' }
  /** The guest's kernel panicked; the machine is paused so that it can be looked at. */
  | { readonly kind: 'panicked'; readonly reason: string };

export interface MachineEvents {
  /** Guest execution was paused or goes on (by whoever). */
  paused(paused: boolean): void;
  /** The guest restarted by itself. */
  reset(): void;
  ended(end: MachineEnd): void;
}

export interface RunningMachine extends AsyncDisposable {
  readonly id: string;
  /** kvm, hvf, whpx, tcg, or the driver's own word. */
  readonly accelerator: string;
  /** Something worth telling the user once (for example a fallback to emulation), or null. */
  readonly notice: string | null;
  readonly startedAt: string;
  readonly guest: GuestAccess;
  readonly isPaused: boolean;
  /** Set once, when the machine is no longer running. */
  readonly end: MachineEnd | undefined;
  /** A listener that comes after the end is told of it at once. @returns a function that stops the listening */
  on(listener: Partial<MachineEvents>): () => void;
  /** Asks the guest to shut down (power button); resolves when it was asked, not when it is down. */
  powerDown(): Promise<void>;
  /** Resets the machine hard. */
  reset(): Promise<void>;
  /** Ends the machine now; resolves when it is gone. */
  kill(): Promise<void>;
  /** Disposing releases the daemon's hold only: the machine goes on. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The machines that a template serves. */
export interface TemplateWish {
  readonly architecture: Architecture;
  readonly imageDigest: string;
  readonly imageFormat: 'qcow2' | 'raw';
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export interface TemplateInfo {
  readonly key: string;
  readonly imageDigest: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly accelerator: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  /** What it takes on disk. */
  readonly bytes: number;
}

/** Booted machines, frozen, of which others are forked in a moment. */
export interface Templates {
  /** Key of one that such a machine can be forked of now. @throws machine-failed when it is damaged */
  find(wish: TemplateWish): Promise<string | undefined>;
  /** Boots the image and makes one; who asks for the same meanwhile waits for it too. @throws machine-failed, boot-failed, too-slow, no-space, cancelled */
  make(wish: TemplateWish, timezone: string, work: Work): Promise<string>;
  all(): Promise<readonly TemplateInfo[]>;
  /** Machines that were forked of it are not concerned. */
  remove(key: string): Promise<void>;
  /** Clears away what was not finished, what nobody has used for long, and what is too much. */
  tidy(): Promise<void>;
}

export interface Driver {
  readonly name: string;
  readonly abilities: DriverAbilities;
  /** What `version` and doctor show, for example the monitor's version. @throws tool-missing */
  version(): Promise<string>;
  /** Where the driver can fork. */
  readonly templates?: Templates | undefined;
  /** Lays down what the machine needs; with the key of a template, its first start is a fork of it. @throws no-space, no-rights, tool-missing */
  create(machine: MachineSpec, work: Work, template?: string): Promise<void>;
  /** Takes up changed cpus, memory or disk (stopped machines only; disks only grow). */
  modify(machine: MachineSpec, work: Work): Promise<void>;
  /** @throws machine-failed, no-accelerator, tool-missing */
  start(machine: MachineSpec, work: Work): Promise<RunningMachine>;
  /** Saves the state of a machine that this daemon holds, and ends it; the machine's end is `suspended`. @throws machine-failed, no-space: it goes on then */
  suspend?(machine: MachineSpec, work: Work): Promise<void>;
  /** Gives up what a machine was suspended to: its next start is a boot. */
  discard?(id: string): Promise<void>;
  /** Takes over a machine that an earlier daemon started; undefined when it does not run. */
  adopt(machine: MachineSpec): Promise<RunningMachine | { readonly end: MachineEnd } | undefined>;
  /** Ends it if it runs, whether it is held, answers, or was never taken over; its files stay. @throws machine-failed */
  end(id: string): Promise<void>;
  /** Ends it if it runs and removes every trace. */
  remove(id: string): Promise<void>;
  /** Ids of which there is any trace, so that the daemon can clear away what no record claims. */
  traces(): Promise<readonly string[]>;
  /** The last lines of the console, bounded. */
  consoleTail(id: string, maxBytes: number): Promise<string>;
}
