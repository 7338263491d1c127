/** The processes that serve a machine's native mounts: started before its QEMU, recorded, and ended with it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, HoldfastError } from '../../../core/errors.ts';
import { nativeMounts } from '../../../core/mounts/native.ts';
import type { Mount } from '../../../core/mounts/mount.ts';
import { exists } from '../../../host/exists.ts';
import { lastComplaint, startDetached, type Detached } from '../../../host/process/detached.ts';
import { endBySignals, isSameProcess } from '../../../host/process/identity.ts';
import type { MachineSpec } from '../../driver.ts';
import type { NativeShare } from '../command-line/input.ts';
import type { MachineFiles } from '../layout.ts';
import { changeState, type MachineState, type RecordedShare } from '../state-file.ts';
import { confinedCommand } from './confined.ts';
import { chooseWay, findServer, requirePossibleMap, type NativeWay } from './way.ts';

const READY_MS = 20_000;
const END_MS = 5_000;

/** How this host would do it. @throws not-supported */
async function wayHere(): Promise<NativeWay> {
  return chooseWay(await findServer(), process.getuid?.() === 0);
}

/** @throws not-supported, by name */
export async function checkNative(mount: Mount): Promise<void> {
  requirePossible(await wayHere(), mount);
}

function requirePossible(way: NativeWay, { uids, gids, person }: Mount): void {
  requirePossibleMap(way, { uids, gids });
  // Whoever is not root has no other rights to serve with than his own.
  if (process.getuid?.() !== 0 && person.uid !== process.getuid?.()) throw fail('not-supported', `a daemon that is not root has no native mounts of other people's`, { hint: 'leave --type out' });
}

export interface Shares extends AsyncDisposable {
  readonly shares: readonly NativeShare[];
  readonly recorded: readonly RecordedShare[];
  /** Starts what serves them, when the directory of the machine's sockets is there; each is recorded as it comes. @throws machine-failed, tool-missing */
  start(): Promise<void>;
  /** Where one of them has ended, that is why nothing started; and no accelerator is to be blamed for it. */
  blame(error: unknown): Promise<unknown>;
}

/** Disposing ends the servers. @throws not-supported */
export async function sharesOf(machine: MachineSpec, files: MachineFiles, state: MachineState): Promise<Shares> {
  const mounts = nativeMounts(machine.spec);
  const way = mounts.length === 0 ? undefined : await wayHere();
  for (const mount of mounts) if (way) requirePossible(way, mount);
  const shares = mounts.map((mount, index): NativeShare => {
    const place = { index, tag: `holdfast${index}` };
    return way?.kind === 'virtiofs' ? { ...place, filesystem: 'virtiofs', socketPath: files.run.shares[index] ?? '' } : { ...place, filesystem: '9p', source: mount.source };
  });
  const recorded: RecordedShare[] = [];
  let asked: number | undefined;
  let isServed = false;
  const running: { readonly index: number; readonly server: Detached }[] = [];
  return {
    shares, recorded,
    async start() {
      for (const [index, mount] of mounts.entries()) {
        asked = index;
        const { tag = '', filesystem = '9p' } = shares[index] ?? {};
        const server = way?.kind === 'virtiofs' ? await startServer(way, mount, index, files, state.uid) : undefined;
        if (server) running.push({ index, server });
        recorded.push({ target: mount.target, tag, filesystem, server: server?.identity ?? null });
        await changeState(files.state, (now) => ({ ...now, shares: recorded }));
        if (server) await untilListening(server, index, files);
      }
      isServed = true;
    },
    async blame(error) {
      if (!(error instanceof HoldfastError) || error.code !== 'machine-failed') return error;
      // They end with their QEMU too: that it was their end shows in its last words, or there was no QEMU yet.
      const index = isServed ? (/vhost|id=share\d/.test(error.message) ? await firstEnded(running) : undefined) : asked;
      if (index === undefined) return error;
      const why = await lastComplaint(shareComplaints(files, index)) ?? error.message;
      return fail('not-supported', `${machine.name} cannot be started with its native mount of ${mounts[index]?.source ?? ''}: ${why}`, { hint: `see to the directory, or take the mount away: holdfast umount ${machine.name}:${mounts[index]?.target ?? ''}`, cause: error });
    },
    async [Symbol.asyncDispose]() {
      for (const { server } of running) await endBySignals(server.identity, END_MS);
    },
  };
}

async function firstEnded(running: readonly { readonly index: number; readonly server: Detached }[]): Promise<number | undefined> {
  for (const { index, server } of running) if (!(await isSameProcess(server.identity))) return index;
  return undefined;
}

/** Those that have not gone with their QEMU. */
export async function endServers(shares: readonly RecordedShare[] = []): Promise<void> {
  for (const { server } of shares) if (server) await endBySignals(server, END_MS);
}

async function startServer(way: Extract<NativeWay, { kind: 'virtiofs' }>, { source, person, uids, gids }: Mount, index: number, files: MachineFiles, machineUid: number | null): Promise<Detached> {
  const socketPath = files.run.shares[index] ?? '';
  const idIn = (pairs: Mount['uids']): number => (typeof pairs[0]?.guest === 'number' ? pairs[0].guest : 0);
  const command = confinedCommand({ way, source, person, guest: { uid: idIn(uids), gid: idIn(gids) }, socketPath, machineUid }, process.arch);
  if (!command) throw fail('not-supported', `native mounts are not possible on this processor (${process.arch})`, { hint: 'leave --type out: classic mounts are' });
  await rm(socketPath, { force: true });
  return await startDetached({ ...command, package: 'perl-base', complaintsPath: shareComplaints(files, index), env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });
}

/** Its socket is made first; whether it can serve is known when QEMU asks it. */
async function untilListening({ identity }: Detached, index: number, files: MachineFiles): Promise<void> {
  const socketPath = files.run.shares[index] ?? '';
  for (const until = performance.now() + READY_MS; !(await exists(socketPath)); await new Promise((resolve) => { setTimeout(resolve, 20); })) {
    if (performance.now() < until && await isSameProcess(identity)) continue;
    throw fail('machine-failed', `what serves a native mount did not start: ${await lastComplaint(shareComplaints(files, index)) ?? 'it said nothing'}`);
  }
}

export function shareComplaints({ directory }: MachineFiles, index: number): string {
  return join(directory, `share${index}.log`);
}
