/**
 * The port behind which machines run. A core of methods, and optional ones that a driver leaves out where it cannot do
 * such a thing; nothing here knows of processes, files or monitors. Call order: create -> start|adopt -> (RunningMachine …)
 * -> remove. Every method is idempotent in this sense: called again after an interruption it finishes what the first call left.
 */
import type { Duplex } from 'node:stream';
import type { Architecture, InstanceSpec } from '../core/instance.ts';
import type { Mount } from '../core/mounts/mount.ts';
import type { GuestAccess } from '../guest/access.ts';
import type { Check } from './check.ts';

/** Abilities that take several optional methods. For the others the method itself is there, or is left out. */
export interface DriverAbilities {
  /** Network cards come and go while a machine runs: plug, unplug. */
  readonly hotPlug: boolean;
  /** Disks are kept and gone back to: freeze, revert, sweepLayers. */
  readonly snapshot: boolean;
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
  /** For translated code, where it is emulated; the driver's own choice when absent. */
  readonly translationBufferBytes?: number | undefined;
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
  /** The machine monitor ended or was killed; with the host, where that was started anew since. */
  | { readonly kind: 'died'; readonly reason: string; readonly hostRestarted?: true }
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

/** One of those who look at a serial console; any number may. */
export interface ConsoleAttachment {
  /** What was written before: the end of the log, as consoleTail gives it. */
  readonly before: string;
  /**
   * What follows `before` without a gap, as the machine writes it; it ends with the machine, or when this daemon lets go of it.
   * A reader who is too slow misses something, and is told so in its place; nobody waits for him. What is written to
   * it is typed at the console.
   */
  readonly stream: Duplex;
}

/** A directory of the host that a machine has as a device, from its start on. */
export interface NativeDevice {
  /** Where the guest is to have it. */
  readonly target: string;
  /** What the guest knows it by. */
  readonly tag: string;
  readonly filesystem: 'virtiofs' | '9p';
  /** Aborted when what serves its files has ended before the machine: it is of no use until the next start. */
  readonly lost: AbortSignal;
}

export interface RunningMachine extends AsyncDisposable {
  readonly id: string;
  /** kvm, hvf, whpx, tcg, or the driver's own word. */
  readonly accelerator: string;
  /** Something worth telling the user once (for example a fallback to emulation), or null. */
  readonly notice: string | null;
  readonly startedAt: string;
  readonly guest: GuestAccess;
  /** Native mounts that it was started with. */
  readonly natives?: readonly NativeDevice[];
  /** Its guest can be reached already, and some of what it is to have still comes: a fork's network card, its services. */
  readonly isArriving?: boolean;
  readonly isPaused: boolean;
  /** Why, and what to do, where the host is to blame: as after `apollo is paused: `. */
  readonly pauseReason: string | null;
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
  /** Where the driver has a console to share. Destroying the stream ends the looking. @throws machine-failed */
  attachConsole?(beforeBytes: number): Promise<ConsoleAttachment>;
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
  /** Clears away what was not finished, when nothing is being made yet; and prunes. */
  tidy(): Promise<void>;
  /** Removes what nobody has used for long and what is too much; never one that a running machine was forked of. */
  prune(): Promise<void>;
}

/** What a user's own ssh client needs besides a way to the guest. */
export interface SshKeys {
  /** The usual default user; a running guest knows better (GuestAccess.user). */
  readonly user: string;
  /** In OpenSSH's form; it opens what GuestAccess.openSsh gives, and nothing else. */
  readonly privateKey: string;
  /** Of who answers there: type, base64, comment. */
  readonly hostPublic: string;
}

/** What a doctor looks at: tables of checks, which look only when they are run. */
export interface Examiner {
  /** The host, as far as this driver needs it. @param used  architectures of the home's instances and images */
  host(used: readonly Architecture[]): readonly Check[];
  /** A machine and what it is connected to, seen from the host: whether this daemon holds it, or it does not even run. */
  machine(machine: MachineSpec): readonly Check[];
}

/** What a machine begins with, where that is not its image. */
export interface Origin {
  /** Key of a template: its first start is a fork of it. */
  readonly template?: string | undefined;
  /** A disk that was frozen. */
  readonly layer?: string | undefined;
}

export interface Driver {
  readonly name: string;
  readonly abilities: DriverAbilities;
  /** What `version` and doctor show, for example the monitor's version. @throws tool-missing */
  version(): Promise<string>;
  /** Where the driver can fork. */
  readonly templates?: Templates | undefined;
  readonly examine?: Examiner | undefined;
  /** Lays down what the machine needs. @throws no-space, no-rights, tool-missing */
  create(machine: MachineSpec, work: Work, origin?: Origin): Promise<void>;
  /** Takes up changed cpus, memory or disk (stopped machines only; disks only grow). */
  modify(machine: MachineSpec, work: Work): Promise<void>;
  /** Whether this host can give a machine that native mount, with its next start. Left out where it has none. @throws not-supported */
  checkNative?(mount: Mount): Promise<void>;
  /** With its native mounts as devices. @throws machine-failed, link-missing, no-accelerator, tool-missing, not-supported */
  start(machine: MachineSpec, work: Work): Promise<RunningMachine>;
  /** Saves the state of a machine that this daemon holds, and ends it; the machine's end is `suspended`. @throws machine-failed, no-space: it goes on then */
  suspend?(machine: MachineSpec, work: Work): Promise<void>;
  /**
   * Keeps the disk of a machine that does not run as it is, as a layer of that id (16 hex digits); the machine goes on above it.
   * Done again for the same layer it changes nothing. @throws no-space, machine-failed: nothing is changed then
   */
  freeze?(machine: MachineSpec, layer: string, work: Work): Promise<void>;
  /** The same of a machine that this daemon holds, with its memory; its guest stands still meanwhile. @throws no-space, machine-failed: it goes on then, and no layer is to be used */
  freezeLive?(machine: MachineSpec, layer: string, work: Work): Promise<void>;
  /**
   * The disk of a machine that does not run is as that layer from now on; what it was suspended to is given up. With a layer that has
   * memory it is a suspended machine. @throws no-space, machine-failed: nothing is changed then
   */
  revert?(machine: MachineSpec, layer: string, work: Work): Promise<{ readonly suspended: boolean }>;
  /** Removes the layers that neither these are, nor any machine lies on. */
  sweepLayers?(kept: ReadonlySet<string>): Promise<void>;
  /** Gives up what a machine was suspended to: its next start is a boot. */
  discard?(id: string): Promise<void>;
  /** Plugs the card of this slot, which the specification has, into a machine that this daemon holds. @throws machine-failed */
  plug?(machine: MachineSpec, slot: number): Promise<void>;
  /** Takes it out, with the guest's consent; what the specification has besides stays. @throws machine-failed: it has it still */
  unplug?(machine: MachineSpec, slot: number): Promise<void>;
  /** Takes over a machine that an earlier daemon started; undefined when it does not run. */
  adopt(machine: MachineSpec): Promise<RunningMachine | { readonly end: MachineEnd } | undefined>;
  /** Ends it if it runs, whether it is held, answers, or was never taken over; its files stay. @param name  for errors, where it is known  @throws machine-failed */
  end(id: string, name?: string): Promise<void>;
  /** Ends it if it runs and removes every trace. @throws as end */
  remove(id: string, name?: string): Promise<void>;
  /** Ids of which there is any trace, so that the daemon can clear away what no record claims. */
  traces(): Promise<readonly string[]>;
  /** Also of a machine that does not run; left out where users' own ssh clients have no way. */
  sshKeys?(id: string): Promise<SshKeys>;
  /** The last lines of the console, bounded. */
  consoleTail(id: string, maxBytes: number): Promise<string>;
  /** Lets go of what it has open besides its machines, which go on. */
  [Symbol.asyncDispose]?(): Promise<void>;
}
