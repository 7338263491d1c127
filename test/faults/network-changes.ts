/**
 * What can befall a guest while a network change is armed in it, as data. Each begins the accident (the default interface static in
 * another subnet, and a VLAN on it), makes its fault, and waits until all is as before, by the guest's own doing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestHome, waitFor, waitGently } from '../real/home.ts';
import { tellMonitor } from '../real/monitor.ts';
import { asRoot, ready } from './run-fault.ts';

export interface ChangeFault {
  readonly name: string;
  /** From when the change is in effect. */
  readonly confirmWithinSeconds: number;
  /** netguard is killed at its so-manieth step of beginning. */
  readonly stopAt?: number;
  /** Made when the change is in effect; the time till all is as before counts from its end. */
  readonly make: (watch: ChangeWatch) => Promise<void>;
  readonly mend?: string;
}

export interface ChangeWatch {
  readonly home: TestHome;
  readonly instance: string;
}

/** In it an emulated guest is looked at, and the fault is made. */
const SOON_SECONDS = 30;
const LONG_SECONDS = 3_600;
const NETGUARD = '/usr/bin/python3 -I /usr/lib/holdfast/netguard.py';
const root = (script: string) => async ({ home, instance }: ChangeWatch): Promise<void> => {
  const { code, stderr } = await asRoot(home, instance, script);
  if (code !== 0) throw new Error(stderr);
};
const monitor = async ({ home, instance }: ChangeWatch, command: string): Promise<void> => {
  const pid = await home.qemuPid(instance);
  if (pid === undefined) throw new Error(`${instance} has no machine`);
  await tellMonitor(home.directory, pid, command);
};

/** Blocks are reserved, not written: an emulated guest writes a whole disk in minutes. Fails where something can still be written. */
const FILL_DISK = `
n=0
for size in 1G 64M 4M 256K 4K; do
  while fallocate -l $size /var/tmp/filler.$n 2>/dev/null; do n=$((n + 1)); done
  rm -f /var/tmp/filler.$n
done
! echo x 2>/dev/null >/var/lib/full || [ ! -s /var/lib/full ]`;

export const CHANGE_FAULTS: readonly ChangeFault[] = [
  { name: 'a change that nobody confirms', confirmWithinSeconds: SOON_SECONDS, make: async () => {} },
  { name: 'netguard killed while a change is armed', confirmWithinSeconds: SOON_SECONDS, make: root('systemctl kill --signal=KILL holdfast-netguard') },
  { name: 'netguard killed before it applies a change', confirmWithinSeconds: LONG_SECONDS, stopAt: 4, make: async () => {} },
  {
    name: 'the machine paused past the deadline of a change', confirmWithinSeconds: 60,
    async make(watch) {
      await monitor(watch, 'stop');
      await sleep(65_000);
      await monitor(watch, 'cont');
    },
  },
  { name: 'the daemon killed while a change is armed', confirmWithinSeconds: SOON_SECONDS, make: ({ home }) => home.killDaemon() },
  { name: 'a reboot while a change is armed', confirmWithinSeconds: LONG_SECONDS, make: root('systemd-run --quiet --on-active=1 systemctl reboot') },
  { name: 'a reset while a change is armed', confirmWithinSeconds: LONG_SECONDS, make: (watch) => monitor(watch, 'system_reset') },
  {
    name: 'the disk full while a change is armed', confirmWithinSeconds: SOON_SECONDS, mend: 'rm -f /var/tmp/filler.* /var/lib/full',
    make: root(FILL_DISK),
  },
  { name: 'the clock set back by an hour while a change is armed', confirmWithinSeconds: SOON_SECONDS, make: root('date -s @$(($(date +%s) - 3600)) >/dev/null') },
];

/** Files with owners, modes, times and contents; addresses, routes, links. One line each. */
const LOOK = `
for directory in /etc/netplan /run/netplan; do
  [ ! -d $directory ] || find $directory -type f -printf '%p %m %U %G %T@ ' -exec sha256sum {} ';'
done | sort
ip -o address show scope global | awk '{ print $2, $3, $4 }' | sort
ip route show | sed 's/ *$//' | sort
ip -6 route show | sed 's/ expires [0-9]*sec//; s/ *$//' | sort
ls /sys/class/net`;

/** @returns what was measured, in words and figures  @throws what did not hold */
export async function runChangeFault(fault: ChangeFault, watch: ChangeWatch): Promise<string> {
  const { home, instance } = watch;
  await ready(home, instance);
  await waitFor(`${instance}'s network to be ok`, async () => (await home.info(instance)).network === 'ok', 60_000);
  const look = async (): Promise<string> => (await asRoot(home, instance, LOOK)).stdout;
  let before = await look();
  // A router's word may come later than an address by DHCP.
  await waitFor(`${instance}'s network to be at rest`, async () => {
    const earlier = before;
    before = await look();
    return before === earlier;
  }, 120_000);
  const id = `fault-${Math.floor(Date.now() / 1000)}`;
  const mac = /link\/ether (\S+)/.exec((await asRoot(home, instance, 'ip -o link show enp1s0')).stdout)?.[1] ?? '';
  const wish = {
    id, confirmWithinMs: fault.confirmWithinSeconds * 1000, how: 'reload', setAside: [],
    write: [{ path: '/etc/netplan/60-accident.yaml', content: Buffer.from(accident(mac)).toString('base64') }],
  };
  const command = `${fault.stopAt === undefined ? '' : `HOLDFAST_NETGUARD_STOP=${fault.stopAt} `}${NETGUARD} begin`;
  const begun = await home.run(['exec', instance, '--', 'sudo', 'sh', '-c', command], { input: JSON.stringify(wish), timeoutMs: 400_000 });
  if ((begun.code === 0) === (fault.stopAt !== undefined)) throw new Error(`begin ended with ${begun.code}: ${begun.stdout}${begun.stderr}`);
  if (fault.stopAt === undefined && !(await look()).includes('192.168.68.20/24')) throw new Error('the change was not in effect');
  await fault.make(watch);
  let now = '';
  try {
    const seconds = await waitGently(`all to be as before after: ${fault.name}`, async () => {
      now = await look();
      return now === before;
    }, 300_000);
    const outcome = await home.run(['exec', instance, '--', 'sudo', 'sh', '-c', `${NETGUARD} commit`], { input: JSON.stringify({ id }), timeoutMs: 60_000 });
    const told = JSON.parse(outcome.stdout) as { outcome?: string; why?: string };
    if (told.outcome !== 'rolled-back') throw new Error(`a later commit was told: ${outcome.stdout}`);
    return `restored ${seconds.toFixed(1)} s later; begin took ${begun.seconds.toFixed(1)} s; ${told.why ?? ''}`;
  } catch (error) {
    throw new Error(`${String(error)}\nbefore:\n${before}\nnow:\n${now}`, { cause: error });
  } finally {
    if (fault.mend !== undefined) await asRoot(home, instance, fault.mend);
  }
}

const accident = (mac: string): string => `network:
  version: 2
  ethernets:
    default:
      match: {macaddress: "${mac}"}
      dhcp4: no
      addresses: [192.168.68.20/24]
      routes: [{to: default, via: 192.168.68.1}]
  vlans:
    lan7: {id: 7, link: default, addresses: [172.30.9.9/24]}
`;
