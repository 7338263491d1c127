/** What a template can be used for: machines that are the same in all that a guest's memory remembers. */
import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { delimiter, join } from 'node:path';
import { AGENT_VERSION } from '../../../guest/agent/bundle.ts';
import type { Architecture } from '../../../core/instance.ts';
import { BINARIES, newestMachineType, qemuVersion } from '../binary.ts';
import type { Accelerator } from '../command-line/input.ts';
import { EMULATED_CPU } from '../command-line/platform.ts';

/** Raised when templates of before cannot be forked by this Holdfast, or would be worse than new ones. */
const REVISION = 1;

export interface TemplateShape {
  readonly revision: number;
  readonly architecture: Architecture;
  readonly imageDigest: string;
  readonly imageFormat: 'qcow2' | 'raw';
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly machineType: string;
  readonly accelerator: Accelerator;
  /** Version, size and time of change of the binary: a rebuilt one is another one. */
  readonly qemu: string;
  /** Under hardware virtualisation the guest saw it; emulated, it saw QEMU's own. */
  readonly cpuModel: string;
  readonly agentVersion: string;
}

export interface Wanted {
  readonly architecture: Architecture;
  readonly imageDigest: string;
  readonly imageFormat: 'qcow2' | 'raw';
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** @throws tool-missing */
export async function shapeOf(wanted: Wanted, accelerator: Accelerator): Promise<TemplateShape> {
  const { architecture, imageDigest, imageFormat, cpus: count, memoryBytes } = wanted;
  return {
    revision: REVISION, architecture, imageDigest, imageFormat, cpus: count, memoryBytes, accelerator,
    machineType: await newestMachineType(architecture),
    qemu: `${await qemuVersion(architecture)} ${await binaryOf(BINARIES[architecture].tool)}`,
    cpuModel: accelerator === 'tcg' ? EMULATED_CPU[architecture] : cpus()[0]?.model.trim() ?? 'unknown',
    agentVersion: AGENT_VERSION,
  };
}

/** Sixteen hexadecimal digits, the same for the same shape. */
export function shapeKey(shape: TemplateShape): string {
  const entries = Object.entries(shape).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 16);
}

async function binaryOf(tool: string): Promise<string> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await realpath(join(directory, tool)).then((path) => stat(path), () => undefined);
    if (found) return `${found.size}-${Math.floor(found.mtimeMs)}`;
  }
  return 'unknown';
}
