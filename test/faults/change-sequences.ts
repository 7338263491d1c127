/**
 * Any sequence of network changes, by hand or by Holdfast: after each of them a command runs in the guest in time, and at the
 * end `net repair` brings the default interface back. A seed says which sequence it is.
 */
import type { TestHome } from '../real/home.ts';
import { waitFor } from '../real/home.ts';
import { oneOf, seeded } from '../soak/random.ts';
import { requireWithin } from './limits.ts';
import { asRoot, execTrue, ready } from './run-fault.ts';
import { NIC, staticAt } from './table.ts';

interface NetworkChange {
  readonly name: string;
  readonly make: (home: TestHome, instance: string, random: () => number) => Promise<unknown>;
}

export interface SequenceEnded {
  readonly steps: readonly { readonly name: string; readonly execSeconds: number }[];
  readonly repairSeconds: number;
}

/** As the command line ends: done, undone again, refused as a lock-out, as invalid. */
const ENDS: ReadonlySet<number> = new Set([0, 2, 11, 12]);
const APPLY_MS = 240_000;

const byHand = (name: string, script: string): NetworkChange => ({ name: `by hand: ${name}`, make: (home, instance) => asRoot(home, instance, script) });
/** Files that netplan does not take leave it as it is; that is a change, too. */
const byNetplan = (name: string, script: string): NetworkChange => byHand(name, `umask 077; ${script}\nnetplan apply || true`);
const byHoldfast = (name: string, args: (instance: string) => readonly string[], input?: (mac: string, random: () => number) => string): NetworkChange => ({
  name: `by Holdfast: ${name}`,
  async make(home, instance, random) {
    const mac = (await asRoot(home, instance, `cat /sys/class/net/${NIC}/address`)).stdout.trim();
    const { code, stderr } = await home.run(args(instance), { timeoutMs: APPLY_MS, ...(input ? { input: input(mac, random) } : {}) });
    if (!ENDS.has(code)) throw new Error(`holdfast ${args(instance).join(' ')} ended with ${code}: ${stderr}`);
  },
});

const ethernet = (mac: string, keys: string): string => `network:
  version: 2
  ethernets:
    default:
      match: {macaddress: "${mac}"}
${keys.split('\n').map((line) => `      ${line}`).join('\n')}
`;
const someOctet = (random: () => number): number => 2 + Math.floor(random() * 250);

export const NETWORK_CHANGES: readonly NetworkChange[] = [
  byNetplan('static in another subnet', staticAt('192.168.68.20/24')),
  byNetplan('a file that does not parse', `printf 'network:\\n  version: 2\\n ethernets: [\\n' > /etc/netplan/61-bad.yaml`),
  byNetplan('all files taken away', 'rm -f /etc/netplan/*'),
  byNetplan('a bridge that swallows the card', `cat > /etc/netplan/62-bridge.yaml <<END
network: {version: 2, bridges: {br0: {interfaces: [default], dhcp4: true}}}
END`),
  byHand('link set down', `ip link set ${NIC} down`),
  byHand('addresses flushed', `ip addr flush dev ${NIC} scope global`),
  byHand('default route elsewhere', `ip route replace default dev ${NIC} metric 1`),
  byHand('networkd stopped', 'systemctl stop systemd-networkd.socket systemd-networkd'),
  byHoldfast('static in another subnet, on purpose', (name) => ['net', 'apply', name, '-', '--yes-lockout', '--confirm-within', '120s'],
    (mac, random) => ethernet(mac, `dhcp4: false\naddresses: [192.168.68.${someOctet(random)}/24]`)),
  byHoldfast('another MTU', (name) => ['net', 'apply', name, '-', '--confirm-within', '120s'], (mac, random) => ethernet(mac, `mtu: ${1300 + someOctet(random)}`)),
  byHoldfast('pinned', (name) => ['net', 'pin', name]),
  byHoldfast('as it was launched', (name) => ['net', 'restore', name, '1']),
];

/** @throws what did not hold, with the sequence up to there */
export async function runSequence(home: TestHome, instance: string, { seed, length }: { readonly seed: number; readonly length: number }, tell: (line: string) => void): Promise<SequenceEnded> {
  const random = seeded(seed);
  const steps: { name: string; execSeconds: number }[] = [];
  await ready(home, instance);
  await waitFor(`${instance}'s network to be ok`, async () => (await home.info(instance)).network === 'ok', 120_000);
  try {
    for (let step = 0; step < length; step += 1) {
      const change = oneOf(NETWORK_CHANGES, random);
      await change.make(home, instance, random);
      const { seconds } = await execTrue(home, instance);
      steps.push({ name: change.name, execSeconds: seconds });
      tell(`${change.name}: exec ${seconds.toFixed(2)} s`);
      requireWithin(change.name, { 'first exec': seconds });
    }
    const { seconds: repairSeconds } = await home.must(['net', 'repair', instance], { timeoutMs: APPLY_MS });
    await waitFor(`${instance}'s network to be ok again`, async () => (await home.info(instance)).network === 'ok', 60_000);
    return { steps, repairSeconds };
  } catch (error) {
    // For what comes after it.
    await home.run(['net', 'repair', instance], { timeoutMs: APPLY_MS }).catch(() => {});
    throw new Error(`seed ${seed}, after ${steps.map(({ name }) => name).join('; ')}: ${String(error)}`, { cause: error });
  }
}
