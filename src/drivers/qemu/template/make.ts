/** Makes a template: boots a machine with its memory in a file, waits for its first boot to end, freezes it, and keeps disk, memory and state. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import type { InstanceKeys } from '../../../host/keys.ts';
import type { MachineSpec, Work } from '../../driver.ts';
import { unplugCard } from '../cards.ts';
import { requireFree } from '../disk.ts';
import type { FreezeGuest } from '../hold-guest.ts';
import type { MachineFiles } from '../layout.ts';
import type { QemuMachine } from '../machine.ts';
import { readState } from '../state-file.ts';
import { runCommand } from '../../../guest/run-command.ts';
import { tokensOf } from '../../../guest/fork/tokens.ts';
import { idBytes, scrubIds } from './scrub.ts';
import { shapeOf, type TemplateShape, type Wanted } from './shape.ts';
import { holdStill, saveState } from '../state-transfer.ts';
import type { Template, TemplateFiles, TemplateStore } from './store.ts';

export interface MakeParts {
  readonly store: TemplateStore;
  readonly filesOf: (id: string) => MachineFiles;
  readonly keysOf: (files: MachineFiles) => Promise<InstanceKeys>;
  readonly create: (machine: MachineSpec, work: Work) => Promise<void>;
  readonly boot: (machine: MachineSpec, ramPath: string, work: Work) => Promise<QemuMachine>;
  readonly freeze: FreezeGuest;
  /** Something worth telling whoever launches, that was found out while booting. */
  readonly notice: (text: string) => void;
  readonly remove: (id: string) => Promise<void>;
}

/** What an instance has when nothing is said: larger ones grow, smaller ones boot. */
const DISK_BYTES = 5 * 1024 ** 3;
const BOOT_MS = 600_000;
const LOGIN_MS = 120_000;
const BOOTED: ReadonlySet<string> = new Set(['done', 'degraded', 'disabled']);

/** Cancelled or failed, it leaves nothing. @throws machine-failed, too-slow, no-space, cancelled */
export async function makeTemplate(wanted: Wanted, timezone: string, parts: MakeParts, work: Work): Promise<Template> {
  const machine = templateMachine(wanted, timezone);
  const files = parts.filesOf(machine.id);
  try {
    await parts.create(machine, work);
    // Its memory's file is sparse: a disk that is full when a page is first touched would end the machine, and no one could say why.
    await requireFree(files.directory, machine.spec.memoryBytes, 'making a template');
    const ramPath = join(files.directory, 'ram');
    await emptyFile(ramPath, (await readState(files.state))?.uid ?? null);
    work.progress('Booting the image, for a template');
    const held = await parts.boot(machine, ramPath, work);
    if (held.notice !== null) parts.notice(held.notice);
    await untilBooted(held, work.signal);
    await logIn(held, work.signal);
    work.progress('Making the template');
    return await take(machine, held, wanted, files, ramPath, parts, work);
  } finally {
    await parts.remove(machine.id);
  }
}

/** Its user has logged in once, so that the first login of a fork finds what that started. A command is run where all of it is done. */
async function logIn({ guest }: QemuMachine, signal: AbortSignal): Promise<void> {
  const { shell } = await guest.reach('session', { deadlineMs: LOGIN_MS, signal });
  await runCommand(shell, ['true'], { maxBytes: 1024, deadlineMs: LOGIN_MS, signal });
}

async function take(machine: MachineSpec, held: QemuMachine, wanted: Wanted, files: MachineFiles, ramPath: string, parts: MakeParts, work: Work): Promise<Template> {
  const bootId = held.guest.reports.system?.bootId;
  const keys = await parts.keysOf(files);
  const own = { name: machine.name, instanceId: machine.instanceId, mac: machine.spec.mac, keys };
  // The guest's network is its card's; a fork gets one of its own.
  await unplugCard(held.monitor, machine.name, 0);
  await held.guest[Symbol.asyncDispose]();
  const staging = stage(wanted, held, parts);
  const freezing = parts.freeze(held.lanes, tokensOf(own), work.signal);
  try {
    const [{ machineId }, { shape, staged }] = await Promise.all([freezing, staging]);
    const uid = (await readState(files.state))?.uid ?? null;
    await holdStill(held.monitor);
    await saveState(held.monitor, { kind: 'device-stream', path: staged.state, socketPath: files.run.migration, uid, memoryBytes: machine.spec.memoryBytes });
    await held.kill();
    await scrubIds(ramPath, [machineId, ...(bootId ? [bootId] : [])].map(idBytes));
    work.signal.throwIfAborted();
    for (const [from, to, mode] of [[files.disk, staged.disk, 0o600], [ramPath, staged.ram, 0o444], [files.keys, staged.keys, 0o700]] as const) {
      await rename(from, to);
      if (uid !== null) await chown(to, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
      await chmod(to, mode);
    }
    return await parts.store.commit(staged, {
      shape, identity: { name: machine.name, instanceId: machine.instanceId, mac: machine.spec.mac, machineId }, diskBytes: machine.spec.diskBytes, createdAt: new Date().toISOString(),
    });
  } catch (error) {
    // Not the machine's any more, whose files are removed.
    await staging.then(({ staged }) => rm(staged.directory, { recursive: true, force: true }), () => undefined);
    throw error;
  }
}

/** Beside the guest's own work: asking QEMU for its version starts a program. */
async function stage(wanted: Wanted, { accelerator }: QemuMachine, { store }: MakeParts): Promise<{ shape: TemplateShape; staged: TemplateFiles }> {
  const shape = await shapeOf(wanted, accelerator);
  return { shape, staged: await store.stage(shape) };
}

function templateMachine({ architecture, imageDigest, imageFormat, cpus, memoryBytes }: Wanted, timezone: string): MachineSpec {
  const id = randomBytes(4).toString('hex');
  const mac = ['52', '54', '00', ...randomBytes(3).toString('hex').match(/../g) ?? []].join(':');
  return {
    id, name: `hf-template-${randomBytes(5).toString('hex')}`, instanceId: `hf-template-${randomBytes(8).toString('hex')}`, architecture, timezone, userData: undefined,
    spec: { cpus, memoryBytes, diskBytes: DISK_BYTES, imageDigest, imageFormat, mac, subnetIndex: 0 },
  };
}

async function untilBooted(held: QemuMachine, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const look = () => {
    const status = held.guest.reports.system?.cloudInit.status;
    if (status !== undefined && (BOOTED.has(status) || status === 'error')) resolve(status);
  };
  const abort = () => reject(signal.reason as Error);
  const timer = setTimeout(() => reject(fail('too-slow', `the image did not finish its first boot within ${BOOT_MS / 1000} s`)), BOOT_MS);
  const stops = [held.guest.onReport(look), held.on({ ended: (end) => reject(fail('boot-failed', `the image does not boot: ${'reason' in end ? end.reason : 'it shut itself down'}`)) })];
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    look();
    const status = await promise;
    if (status === 'error') throw fail('boot-failed', 'the image\'s own cloud-init fails');
  } finally {
    clearTimeout(timer);
    for (const stop of stops) stop();
    signal.removeEventListener('abort', abort);
  }
}

async function emptyFile(path: string, uid: number | null): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await using file = await open(path, 'w', 0o600);
  if (uid !== null) await file.chown(uid, uid);
}
