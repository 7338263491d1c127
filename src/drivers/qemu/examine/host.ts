/** What this driver needs of the host, as a doctor looks at it. */
import type { Architecture } from '../../../core/instance.ts';
import { run } from '../../../host/process/run.ts';
import { broken, warning, well, type Check, type Finding } from '../../check.ts';
import { candidates, thisHost } from '../accelerator/candidates.ts';
import { hostKey, type AcceleratorMemory } from '../accelerator/memory.ts';
import { TRY_OUT_MS, tryOut } from '../accelerator/try-out.ts';
import { newestMachineType, qemuVersion } from '../binary.ts';
import type { Accelerator } from '../command-line/input.ts';
import { foreignCheck, foreignOf } from './foreign.ts';
import { machineUid, requirePassable, type IdentityPolicy } from '../identity.ts';

interface HostParts {
  readonly architecture: Architecture;
  /** Those that the home has instances or images for. */
  readonly used: readonly Architecture[];
  readonly identity: IdentityPolicy;
  readonly memory: AcceleratorMemory;
  readonly only: readonly Accelerator[] | undefined;
  /** Below which machines' files lie. */
  readonly directories: readonly string[];
}

/** Stands for any machine's: all are as unprivileged as each other. */
const SOME_MACHINE = '00000000';
const TOOL_MS = 15_000;
/** Without the first no instance starts; without the second none is forked. */
const TOOLS = [
  { id: 'xorriso', tool: 'xorriso', args: ['-version'], package: 'xorriso', title: 'xorriso, which makes the seed of an instance' },
  { id: 'perl', tool: 'perl', args: ['-e', '1'], package: 'perl-base', title: 'perl, which templates need' },
];

export function hostChecks(parts: HostParts): readonly Check[] {
  const { architecture, used, identity, directories } = parts;
  return [
    {
      id: 'machine-rights', layer: 'rights', title: 'machines\' files can be reached', deadlineMs: 5_000,
      async run() {
        const uid = machineUid(SOME_MACHINE, identity) ?? null;
        if (uid === null) return well('machines run with the rights of the daemon');
        for (const directory of directories) await requirePassable(directory, uid);
        return well('the unprivileged users that machines run as can pass to their files');
      },
    },
    {
      id: 'qemu', layer: 'hypervisor', title: 'QEMU', deadlineMs: 2 * TOOL_MS,
      run: async () => well(`version ${await qemuVersion(architecture)}, newest machine ${await newestMachineType(architecture)}`),
    },
    ...foreignOf(used, architecture).map((each) => foreignCheck(each, TOOL_MS)),
    {
      id: 'qemu-img', layer: 'hypervisor', title: 'qemu-img', deadlineMs: TOOL_MS,
      async run(signal) {
        const { stdout } = await run({ tool: 'qemu-img', args: ['--version'], package: 'qemu-utils', deadlineMs: TOOL_MS, signal });
        return well(`version ${/version (\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1] ?? 'unknown'}`);
      },
    },
    ...TOOLS.map(({ id, tool, args, package: debianPackage, title }): Check => ({
      id, layer: 'hypervisor', title, deadlineMs: TOOL_MS,
      async run(signal) {
        await run({ tool, args, package: debianPackage, deadlineMs: TOOL_MS, signal });
        return well('it is there');
      },
    })),
    {
      id: 'accelerator', layer: 'accelerator', title: 'accelerator, really tried', needs: ['qemu'],
      deadlineMs: 2 * TOOL_MS + TRY_OUT_MS.kvm + TRY_OUT_MS.tcg, run: (signal) => accelerator(parts, signal),
    },
  ];
}

/** Every candidate is tried, best first, until one runs; what an earlier start of a machine found out is said beside it. */
async function accelerator({ architecture, identity, memory, only }: HostParts, signal: AbortSignal): Promise<Finding> {
  const { accelerators, obstacle, kvmGid } = candidates(await thisHost(identity), architecture);
  const key = await hostKey(await qemuVersion(architecture));
  const failed: string[] = [];
  for (const each of accelerators.filter((candidate) => only?.includes(candidate) ?? true)) {
    const known = await memory.verdict(key, each);
    let ms: number;
    try {
      ms = await tryOut({ accelerator: each, architecture, uid: machineUid(SOME_MACHINE, identity) ?? undefined, gid: each === 'kvm' ? kvmGid : undefined }, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      failed.push(`${each}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    const seen = `${each} ran a firmware after ${(ms / 1000).toFixed(1)} s`;
    if (known?.verdict === 'refused') {
      return warning(`${seen}, but no guest's kernel came up on it on ${known.at.slice(0, 10)} (${known.reason}): machines are emulated`, 'let the next start of a machine try it again: holdfast doctor --fix', {
        deadlineMs: 5_000,
        run: async () => {
          await memory.forget(key, each);
          return `forgot that ${each} was refused; the next cold start tries it again`;
        },
      });
    }
    if (each !== 'tcg') return well(known ? `${seen}, and a guest's kernel came up on it on ${known.at.slice(0, 10)}` : `${seen}; the first start of a machine proves it by a kernel`);
    return warning(
      `machines are emulated, which is slow: ${obstacle ?? failed.join('; ')}; ${seen}`,
      'use a host with hardware virtualisation that is open to the daemon (on Linux: /dev/kvm); nothing else needs doing, everything works',
    );
  }
  return broken(`none carries a machine: ${failed.join('; ')}`, 'see that QEMU is whole: apt-get install --reinstall qemu-system-x86');
}
