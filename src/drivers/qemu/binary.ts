/** Which QEMU runs an architecture, how new it is, and the newest machine type it knows. Asked once per process. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { Architecture } from '../../core/instance.ts';
import { run } from '../../host/process/run.ts';

export const BINARIES: Readonly<Record<Architecture, { readonly tool: string; readonly package: string; readonly machine: string }>> = {
  x86_64: { tool: 'qemu-system-x86_64', package: 'qemu-system-x86', machine: 'pc-q35' },
  aarch64: { tool: 'qemu-system-aarch64', package: 'qemu-system-arm', machine: 'virt' },
};
const OLDEST: readonly [number, number] = [7, 2];

export async function qemuVersion(architecture: Architecture): Promise<string> {
  const { stdout } = await ask(architecture, ['--version']);
  return /version (\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1] ?? 'unknown';
}

/** @throws machine-failed  QEMU is older than 7.2 */
export async function newestMachineType(architecture: Architecture): Promise<string> {
  const { stdout } = await ask(architecture, ['-machine', 'help']);
  const found = newestOf(stdout, BINARIES[architecture].machine);
  if (found !== undefined) return found;
  throw fail('machine-failed', `${BINARIES[architecture].tool} is too old: Holdfast needs QEMU ${OLDEST.join('.')} or newer`);
}

/** @param help  what `-machine help` prints  @returns undefined when none is new enough */
export function newestOf(help: string, family: string): string | undefined {
  const versions = [...help.matchAll(new RegExp(`^${family}-(\\d+)\\.(\\d+)\\s`, 'gm'))].map((match) => [Number(match[1]), Number(match[2])] as const);
  const [newest] = versions.toSorted((a, b) => b[0] - a[0] || b[1] - a[1]);
  if (newest === undefined || newest[0] < OLDEST[0] || (newest[0] === OLDEST[0] && newest[1] < OLDEST[1])) return undefined;
  return `${family}-${newest[0]}.${newest[1]}`;
}

/** Where distributions and Homebrew put UEFI for aarch64 (code, template of the variables). @throws tool-missing */
export function findFirmware(architecture: Architecture): { readonly code: string; readonly variables: string } | undefined {
  if (architecture === 'x86_64') return undefined;
  const brew = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, '..', 'share', 'qemu'));
  const candidates = [
    { code: '/usr/share/AAVMF/AAVMF_CODE.fd', variables: '/usr/share/AAVMF/AAVMF_VARS.fd' },
    { code: '/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw', variables: '/usr/share/edk2/aarch64/vars-template-pflash.raw' },
    ...brew.map((share) => ({ code: join(share, 'edk2-aarch64-code.fd'), variables: join(share, 'edk2-arm-vars.fd') })),
  ];
  const found = candidates.find(({ code, variables }) => readable(code) && readable(variables));
  if (found === undefined) throw fail('tool-missing', 'no UEFI firmware for aarch64 was found', { hint: 'install it: apt-get install qemu-efi-aarch64' });
  return found;
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function ask(architecture: Architecture, args: readonly string[]) {
  const { tool, package: brings } = BINARIES[architecture];
  return run({ tool, args, package: brings, deadlineMs: 15_000 });
}
