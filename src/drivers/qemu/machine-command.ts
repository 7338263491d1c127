/** The command that starts a machine's QEMU: from what is known of the machine and its files to the tool and its words. */
import type { MachineSpec } from '../driver.ts';
import { BINARIES, findFirmware } from './binary.ts';
import { commandLine } from './command-line/command-line.ts';
import type { Accelerator, Card, DiskBase, Memory, NativeShare } from './command-line/input.ts';
import { machineUuid } from './identity.ts';
import type { MachineFiles } from './layout.ts';

export interface MachineCommand {
  readonly tool: string;
  readonly package: string;
  readonly args: readonly string[];
}

export interface StartKind {
  readonly machineType: string;
  readonly accelerator: Accelerator;
  readonly memory: Memory;
  readonly base: DiskBase;
  readonly cards: readonly Card[];
  readonly shares?: readonly NativeShare[];
  /** A saved state will be loaded instead of a boot. */
  readonly incoming: boolean;
}

/** @throws tool-missing */
export function machineCommand({ id, name, architecture, spec, translationBufferBytes }: MachineSpec, files: MachineFiles, kind: StartKind): MachineCommand {
  const firmware = findFirmware(architecture);
  const args = commandLine({
    ...kind, architecture, name, uuid: machineUuid(id), hostSystem: process.platform === 'darwin' ? 'darwin' : 'linux',
    cpus: spec.cpus, memoryBytes: spec.memoryBytes, translationBufferBytes,
    disk: files.disk, seed: files.seed, sockets: files.run,
    firmware: firmware === undefined ? undefined : { code: firmware.code, variables: files.firmwareVariables },
  });
  const { tool, package: brings } = BINARIES[architecture];
  return { tool, package: brings, args };
}
