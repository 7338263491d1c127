/** A first boot on a network where nobody answers DHCP: both of ours always do, so the card is on a hub with nobody else. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestHome, waitFor } from '../real/home.ts';
import { listen } from './events.ts';
import { requireWithin } from './limits.ts';
import { execTrue } from './run-fault.ts';

export const NO_DHCP = 'first boot with no DHCP at all';

const BOOT_MS = 400_000;
/** Takes QEMU's place in the daemon's PATH, and becomes it: the process is the daemon's own. */
const QEMU_ON_A_HUB = `#!/bin/bash
arguments=()
for argument in "$@"; do
  case $argument in user,id=net0,*|tap,id=net0,*) argument=hubport,id=net0,hubid=0;; esac
  arguments+=("$argument")
done
exec /usr/bin/qemu-system-x86_64 "\${arguments[@]}"
`;

export interface Lonely {
  /** From QEMU's start to the guest opening its control lane. */
  readonly bootSeconds: number;
  /** From there to the end of the first exec. */
  readonly firstExecSeconds: number;
  /** The next one, with root's rights. */
  readonly sudoSeconds: number;
  readonly listSeconds: number;
  readonly otherSeconds: number;
  /** Of the launch, which waits for cloud-init, which waits for the network. */
  readonly launchSeconds: number;
}

/** @param other  another instance of the home, that must not be disturbed */
export async function firstBootWithoutDhcp(home: TestHome, other: string): Promise<Lonely> {
  const directory = await mkdtemp('/var/tmp/hf-hub-');
  try {
    const wrapper = join(directory, 'qemu-system-x86_64');
    await writeFile(wrapper, QEMU_ON_A_HUB);
    await chmod(wrapper, 0o755);
    await home.endDaemon();
    await home.must(['list'], { env: { PATH: `${directory}:${process.env['PATH']}` } });
    await using events = await listen(home.directory);
    const launching = home.run(['launch', '--cold', '--name', 'lonely', '--timeout', '900'], { timeoutMs: 1_200_000 });
    const begun = await events.first('lonely to be started', ({ event }) => event.type === 'instance-state' && event.instance === 'lonely' && event.state === 'Starting', 120_000);
    const opened = await events.first('lonely to open its control lane', ({ event }) => event.type === 'instance-control' && event.instance === 'lonely' && event.open, BOOT_MS);
    await execTrue(home, 'lonely');
    const firstExecSeconds = (performance.now() - opened.at) / 1000;
    const { seconds: sudoSeconds } = await home.must(['exec', 'lonely', '--', 'sudo', '-n', 'true'], { timeoutMs: 60_000 });
    const { seconds: listSeconds } = await home.must(['list']);
    const { seconds: otherSeconds } = await execTrue(home, other);
    await waitFor('info to call the network unreachable', async () => (await home.info('lonely')).network === 'unreachable', 60_000);
    const launched = await launching;
    if (launched.code !== 0) throw new Error(`the launch ended with ${launched.code}: ${launched.stderr}`);
    requireWithin(NO_DHCP, { 'first exec': firstExecSeconds, 'later exec': sudoSeconds, 'exec in another instance': otherSeconds, list: listSeconds });
    return { bootSeconds: (opened.at - begun.at) / 1000, firstExecSeconds, sudoSeconds, listSeconds, otherSeconds, launchSeconds: launched.seconds };
  } finally {
    await home.run(['delete', '--purge', 'lonely'], { timeoutMs: 120_000 });
    await home.endDaemon();
    await rm(directory, { recursive: true });
  }
}
