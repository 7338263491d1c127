/**
 * The main job, shown: launch a VM, break its network as users do, keep hold of it, mend it. Works through the
 * command line only, as a user would.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NAME = 'apollo';
const HOLDFAST = fileURLToPath(new URL('../bin/holdfast', import.meta.url));
const ACCIDENT_FILE = '/etc/netplan/60-accident.yaml';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly seconds: number;
}

interface Info {
  readonly state: string;
  readonly ipv4: readonly string[];
  readonly hold: string;
  readonly network: string;
}

await main();

async function main(): Promise<void> {
  title('1. The guest image');
  await ensureImage();
  title(`2. The instance ${NAME}`);
  await ensureInstance();
  // A fork answers before it has its card.
  const { ipv4 } = await until('its network to come up', ({ network }) => network === 'ok');
  say(`its address is ${ipv4.join(', ')}`);
  title('3. Before the accident');
  const before = await look();
  title('4. The accident: the first interface goes from DHCP to a static address, by netplan, inside the guest');
  const mac = await defaultMac();
  await guest(['sudo', 'tee', ACCIDENT_FILE], accident(mac));
  await guest(['sudo', 'chmod', '600', ACCIDENT_FILE]);
  say('applying it in the guest (sudo netplan apply)');
  const applied = await guest(['sudo', 'netplan', 'apply']);
  say(`applied in ${applied.seconds.toFixed(1)} s`);
  await until('the change to be noticed', ({ network }) => network === 'changed');
  title('5. After the accident: the address the host knew is gone, the hold is not');
  const after = await look();
  title('6. The network is brought back');
  await run(['net', 'repair', NAME]);
  const mended = await until('the network to be as it was', ({ network }) => network === 'ok');
  say(`${NAME} has ${mended.ipv4.join(', ')} again`);
  process.stdout.write(`
Command   before   after the accident
list      ${before.list.toFixed(2)} s   ${after.list.toFixed(2)} s
exec      ${before.exec.toFixed(2)} s   ${after.exec.toFixed(2)} s
info      ${before.info.toFixed(2)} s   ${after.info.toFixed(2)} s

${NAME} is running. What to do next:
  ${shown('shell', NAME)}
  ${shown('launch', 'debian', '--name', 'artemis', '--cpus', '2')}
  ${shown('stop', NAME)}
`);
}

async function ensureImage(): Promise<void> {
  const listed = await holdfast(['image', 'list', '--format', 'json']);
  if (listed.stdout.includes('debian')) return say('it is there already');
  await run(['image', 'build', 'debian']);
}

async function ensureInstance(): Promise<void> {
  const listed = JSON.parse((await holdfast(['list', '--format', 'json'])).stdout) as { list: { name: string; state: string }[] };
  const found = listed.list.find(({ name }) => name === NAME);
  if (!found) {
    await run(['launch', 'debian', '--name', NAME]);
    return;
  }
  say(`${NAME} is there already: ${found.state}`);
  if (found.state === 'Deleted') await run(['recover', NAME]);
  if (found.state !== 'Running') await run(['start', NAME]);
}

/** Shows list, exec and info as they answer, and how long each took. */
async function look(): Promise<{ list: number; exec: number; info: number }> {
  const list = await run(['list']);
  const exec = await run(['exec', NAME, '--', 'uname', '-a']);
  const info = await run(['info', NAME]);
  return { list, exec, info };
}

/** The default interface is behind the first root port, so its name is the same in every instance. */
async function defaultMac(): Promise<string> {
  const { stdout } = await guest(['cat', '/sys/class/net/enp1s0/address']);
  return stdout.trim();
}

/** The users' own file, with the instance's MAC: see docs/hold.md. */
function accident(mac: string): string {
  return `network:
  version: 2
  ethernets:
    default:
      match:
        macaddress: "${mac}"
      dhcp4: no
      addresses:
        - 192.168.68.20/24
      routes:
        - to: 0.0.0.0/0
          via: 192.168.68.1
`;
}

async function until(what: string, met: (info: Info) => boolean): Promise<Info> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { stdout } = await holdfast(['info', NAME, '--format', 'json']);
    const info = (JSON.parse(stdout) as { info: Record<string, Info> }).info[NAME];
    if (info && met(info)) return info;
    if (performance.now() > deadline) throw new Error(`waited 60 s for ${what}; last seen: ${JSON.stringify(info)}`);
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
}

async function guest(command: readonly string[], input?: string): Promise<Outcome> {
  return await holdfast(['exec', NAME, '--', ...command], input);
}

/** Runs a command whose output the reader sees. @returns seconds */
async function run(args: readonly string[]): Promise<number> {
  process.stdout.write(`\n$ ${shown(...args)}\n`);
  const { seconds } = await spawnHoldfast(args, 'inherit');
  process.stdout.write(`(${seconds.toFixed(2)} s)\n`);
  return seconds;
}

async function holdfast(args: readonly string[], input?: string): Promise<Outcome> {
  return await spawnHoldfast(args, 'pipe', input);
}

async function spawnHoldfast(args: readonly string[], output: 'inherit' | 'pipe', input?: string): Promise<Outcome> {
  const startedAt = performance.now();
  const child = spawn(HOLDFAST, args, { stdio: [input === undefined ? 'ignore' : 'pipe', output, 'inherit'] });
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  child.stdin?.end(input);
  const code = await new Promise<number>((resolve, reject) => child.on('error', reject).on('close', (status) => resolve(status ?? 1)));
  const outcome = { code, stdout, seconds: (performance.now() - startedAt) / 1000 };
  if (code !== 0) {
    process.stderr.write(`\n${shown(...args)} ended with ${code}; the quick start stops here. What the daemon has to say: ${shown('logs')}\n`);
    process.exit(1);
  }
  return outcome;
}

function shown(...args: string[]): string {
  return ['bin/holdfast', ...args].join(' ');
}

function title(text: string): void {
  process.stdout.write(`\n==> ${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`    ${text}\n`);
}
