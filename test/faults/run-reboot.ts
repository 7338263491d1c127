/** Breaks a guest, restarts it, and measures from the moment it opens its control lane until a command has run in it. */
import { tellMonitor } from '../real/monitor.ts';
import { waitFor } from '../real/home.ts';
import { listen, type Heard } from './events.ts';
import { requireWithin } from './limits.ts';
import type { RebootFault } from './reboots.ts';
import { asRoot, execTrue, ready, type Watch } from './run-fault.ts';

export interface Rebooted {
  readonly fault: string;
  /** From the reset of the machine to the guest opening its control lane: the guest's own time. */
  readonly bootSeconds: number;
  /** From there to the end of the first `exec`, the command line's own start included. */
  readonly firstExecSeconds: number;
  /** A second one, at once. */
  readonly nextExecSeconds: number;
  readonly listSeconds: number;
  readonly otherSeconds: number;
  /** From the control lane's opening until `info` said of the network what it must. */
  readonly noticedSeconds: number;
}

const BOOT_MS = 400_000;
/** Longer than a guest waits at boot for a network that does not come. */
const NOTICED_MS = 400_000;

/** @param restart  how it is restarted; as its row says, when left out */
export async function runReboot(fault: RebootFault, { home, instance, other }: Omit<Watch, 'watchSeconds'>, restart?: () => Promise<unknown>): Promise<Rebooted> {
  await ready(home, instance);
  const made = await asRoot(home, instance, fault.make);
  if (made.code !== 0) throw new Error(`${fault.name} could not be made: ${made.stdout}${made.stderr}`);
  await using events = await listen(home.directory);
  const about = (type: Heard['event']['type']) => ({ event }: Heard): boolean => event.type === type && 'instance' in event && event.instance === instance;
  // It may go on for longer than what is watched here, and is waited for at the end.
  const restarted = restart?.();
  restarted?.catch(() => {});
  if (restart === undefined) await restartAs(fault, home, instance);
  const reset = await events.first(`${instance} to restart`, about('instance-reset'), BOOT_MS);
  const opened = await events.first(`${instance} to open its control lane`, (heard) =>
    heard.at > reset.at && about('instance-control')(heard) && 'open' in heard.event && heard.event.open, BOOT_MS);
  await execTrue(home, instance);
  const firstExecSeconds = (performance.now() - opened.at) / 1000;
  const { seconds: nextExecSeconds } = await execTrue(home, instance);
  const { seconds: listSeconds } = await home.must(['list']);
  const { seconds: otherSeconds } = await execTrue(home, other);
  await waitFor(`info to call ${instance}'s network ${fault.network}`, async () => {
    const { network, network_reason: why } = await home.info(instance);
    // Early in a boot there is no card yet, whatever the fault.
    return network === fault.network && !why?.includes(' is gone');
  }, NOTICED_MS);
  const noticedSeconds = (performance.now() - opened.at) / 1000;
  await restarted;
  const { hold, hold_reason: why } = await home.info(instance);
  if (hold !== 'held') throw new Error(`${fault.name}: the hold is ${hold} (${why ?? 'no reason'}), not held`);
  requireWithin(fault.name, { 'first exec': firstExecSeconds, 'later exec': nextExecSeconds, 'exec in another instance': otherSeconds, list: listSeconds });
  return { fault: fault.name, bootSeconds: (opened.at - reset.at) / 1000, firstExecSeconds, nextExecSeconds, listSeconds, otherSeconds, noticedSeconds };
}

async function restartAs({ restart }: RebootFault, home: Watch['home'], instance: string): Promise<void> {
  if (restart === 'hard') await tellMonitor(home.directory, await home.qemuPid(instance) ?? 0, 'system_reset');
  // It is cut off by what it does.
  else await asRoot(home, instance, 'systemctl --no-block reboot');
}
