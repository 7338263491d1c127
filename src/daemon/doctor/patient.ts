/** One guest while it is examined: reached once, looked at once, and mended over the way that was found. */
import { fail } from '../../core/errors.ts';
import type { Rung } from '../../core/instance.ts';
import type { Fix } from '../../drivers/check.ts';
import type { RunningMachine } from '../../drivers/driver.ts';
import type { Use } from '../../guest/access.ts';
import { lookAround, mend } from '../../guest/look/in-guest.ts';
import type { Look } from '../../guest/look/look.ts';
import type { Mend } from '../../guest/look/mend-scripts.ts';
import type { Offer } from '../../core/subnets.ts';
import { repairAgent } from '../../guest/look/repair-agent.ts';
import type { GuestShell } from '../../guest/shell.ts';

/** How long each step may take, in milliseconds. Natively a guest that is dead is found out in under 10 s, and one that is half dead within 20 s. */
interface DoctorDeadlines {
  readonly reach: number;
  readonly look: number;
  readonly lanes: number;
  /** Since its kernel began: what a boot has not brought after so long, it may not bring at all. */
  readonly boot: number;
}

export const DOCTOR_DEADLINES: { readonly native: DoctorDeadlines; readonly slow: DoctorDeadlines } = {
  native: { reach: 5_000, look: 7_000, lanes: 4_000, boot: 60_000 },
  slow: { reach: 40_000, look: 60_000, lanes: 30_000, boot: 240_000 },
};

/** Package managers, and the longest of all under emulation. */
const MEND_MS: Partial<Record<Mend, number>> = { python: 420_000, sshdPackage: 420_000 };
const MEND_USUALLY_MS = 45_000;

export interface Seen {
  readonly look: Look;
  readonly rung: Rung;
  readonly passedOver: readonly string[];
  readonly tookMs: number;
  /** Why it may not have all yet that it is to have: as after `so far: `. */
  readonly unfinished: string | undefined;
  /** The host's clock, in seconds since 1970, before and after the look. */
  readonly between: readonly [number, number];
}

export interface Patient {
  readonly name: string;
  readonly machine: RunningMachine;
  readonly mac: string;
  /** What the host's network gave it. */
  readonly network: Offer;
  readonly deadlines: DoctorDeadlines;
  /** The same for all who ask. @throws guest-unreachable, exec-failed, too-slow, cancelled */
  see(signal: AbortSignal): Promise<Seen>;
  /** By which rung each use is reached now, or why it is not. */
  lanes(signal: AbortSignal): Promise<readonly { readonly use: Use; readonly why: string | undefined }[]>;
  mending(what: Mend, ...args: readonly string[]): Fix;
  /** Undefined where this Holdfast has no files for the guest. */
  readonly repairAgent: Fix | undefined;
}

const USES: readonly Use[] = ['control', 'session', 'bulk'];

export function patientOf({ name, machine, mac, network, deadlines }: Pick<Patient, 'name' | 'machine' | 'mac' | 'network' | 'deadlines'>): Patient {
  let seen: Promise<Seen> | undefined;
  const root = async (signal: AbortSignal): Promise<GuestShell> => (await machine.guest.reach('control', { deadlineMs: deadlines.reach, signal })).shell;
  const fix = (deadlineMs: number, run: (shell: GuestShell, signal: AbortSignal) => Promise<string>): Fix => ({
    deadlineMs: deadlines.reach + deadlineMs,
    async run(signal) {
      const did = await run(await root(signal), signal);
      // What was found out about lanes that failed is void now.
      machine.guest.wake();
      return did;
    },
  });
  const { agent } = machine.guest;
  return {
    name, machine, mac, network, deadlines,
    see: (signal) => seen ??= examine(machine, deadlines, signal),
    async lanes(signal) {
      return await Promise.all(USES.map(async (use) => {
        const { rung, passedOver } = await machine.guest.reach(use, { deadlineMs: deadlines.lanes, signal });
        return { use, why: rung === 'lane' ? undefined : passedOver[0] ?? `the ${use} lane was passed over` };
      }));
    },
    mending: (what, ...args) => {
      const deadlineMs = MEND_MS[what] ?? MEND_USUALLY_MS;
      return fix(deadlineMs, (shell, signal) => mend(shell, what, args, deadlineMs, signal));
    },
    repairAgent: agent && fix(MEND_USUALLY_MS, (shell, signal) => repairAgent(shell, agent, MEND_USUALLY_MS, signal)),
  };
}

async function examine(machine: RunningMachine, { reach, look: lookMs, boot }: DoctorDeadlines, signal: AbortSignal): Promise<Seen> {
  const { guest } = machine;
  const arrives = machine.isArriving === true;
  const { shell, rung, passedOver } = await guest.reach('control', { deadlineMs: reach, signal });
  const startedAt = performance.now();
  const before = Date.now() / 1000;
  const look = await lookAround(shell, lookMs, signal);
  if (look.clock === undefined) throw fail('exec-failed', 'the guest does not tell its time');
  const boots = look.boots && look.upS !== undefined && look.upS * 1000 < boot;
  const unfinished = boots ? `it has been booting for ${look.upS} s` : arrives ? 'it was forked or resumed a moment ago' : undefined;
  return { look, unfinished, rung, passedOver, tookMs: performance.now() - startedAt, between: [before, Date.now() / 1000] };
}
