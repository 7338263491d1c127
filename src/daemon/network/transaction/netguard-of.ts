/** The guest's own netguard, as transactions see it. */
import { fail, HoldfastError } from '../../../core/errors.ts';
import { netguard, type Netguard } from '../../../guest/netguard.ts';
import type { GuestLook as Seen } from '../../../guest/netguard-look.ts';
import type { NetguardOutcome } from '../../../guest/netguard-status.ts';
import type { GuestShell } from '../../../guest/shell.ts';
import type { Armed, GuestLook, GuestNetwork, Standing } from './guest-network.ts';

/** @param shell  of the control lane */
export function netguardOf(shell: GuestShell): GuestNetwork {
  const guard = netguard(shell);
  return {
    look: async (signal) => asLook(await guard.look(signal)),
    async arm({ id, confirmWithinMs, write, setAside }, signal) {
      await guard.begin({
        id, confirmWithinMs, setAside, how: 'reload', write: write.map(({ path, mode, uid, gid, content }) => ({ path, mode, uid, gid, text: content })),
      }, signal);
    },
    async commit(id, signal) {
      const { outcome, why } = await guard.commit(id, signal);
      if (outcome === 'rolled-back') throw fail('rolled-back', `the guest has undone it: ${why}`);
    },
    rollBack: async (id, why, signal) => await outcomeOf(guard, id, why, signal),
    async standing(id, signal) {
      const status = await guard.status(signal);
      if (status.phase === 'armed' && status.id === id) return { standing: 'armed', reason: null, leftMs: status.leftMs };
      // Not under way any more, it is only told how it ended.
      return await outcomeOf(guard, id, 'the daemon knew nothing of it', signal);
    },
  };
}

async function outcomeOf(guard: Netguard, id: string, why: string, signal: AbortSignal): Promise<Standing> {
  try {
    return ended(await guard.rollback(id, why, signal));
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'net-refused') return { standing: 'unknown', reason: null, leftMs: null };
    throw error;
  }
}

function ended({ outcome, why }: NetguardOutcome): Standing {
  return { standing: outcome, reason: why, leftMs: null };
}

function asLook({ files, links, routes, versions, renderers, networkdFiles, transaction }: Seen): GuestLook {
  return {
    files: files.map(({ path, mode, uid, gid, text }) => ({ path, mode, uid, gid, content: text })),
    links, routes, netplanVersion: versions.netplan, systemdVersion: versions.systemd, renderers,
    foreignNetworkFiles: networkdFiles.filter((path) => path.endsWith('.network') && !/\/10-netplan-/.test(path)),
    armed: transaction.phase === 'none' ? null : { id: transaction.id, leftMs: transaction.leftMs } satisfies Armed,
  };
}
