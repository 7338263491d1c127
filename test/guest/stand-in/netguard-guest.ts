/**
 * A guest for netguard: a directory for its root, a network namespace for its links, and stand-ins for netplan, networkctl and
 * systemctl that do in small what the real ones do, and write down that they were called.
 */
import { execFile, type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';

const PROGRAM_FILES = join(import.meta.dirname, '../../../src/guest/agent/files');
/** Of all guests of a file of tests: compiling takes longer than a step. */
const COMPILED = mkdtempSync('/var/tmp/hf-compiled-');
// A worker is ended by a signal: nothing is done at its exit.
afterAll(() => rmSync(COMPILED, { recursive: true, force: true }));
const [LINK, PEER] = ['card', 'wire'];
/** Of the link's own, the second one by hand. */
export const ADDRESSES = ['10.9.0.2/24', '10.9.5.5/24'];
export const CLOUD_INIT = '/etc/netplan/50-cloud-init.yaml';

/** A file's lines `ADDRESS a/p` and `NETDEV name` are what it asks for; `REFUSED` is no netplan file. */
const PROGRAMS: Readonly<Record<string, string>> = {
  netplan: `
echo "netplan $*" >>"$ROOT/calls"
made() {
  rm -rf "$1/run/systemd/network"; mkdir -p "$1/run/systemd/network"
  for name in $(for dir in lib etc run; do ls "$1/$dir/netplan" 2>/dev/null; done | grep '\\.yaml$' | sort -u); do
    for dir in run etc lib; do file=$1/$dir/netplan/$name; [ ! -e "$file" ] || break; done
    if grep -q REFUSED "$file"; then echo "$file:1:1: Error in network definition" >&2; exit 78; fi
    sed -n 's/^ADDRESS /Address=/p' "$file" >"$1/run/systemd/network/10-netplan-$name.network"
    for netdev in $(sed -n 's/^NETDEV //p' "$file"); do printf '[NetDev]\\nName=%s\\n' "$netdev" >"$1/run/systemd/network/10-netplan-$netdev.netdev"; done
  done
}
case $1 in
  generate) made "\${3:-$ROOT}" ;;
  apply) [ ! -e "$ROOT/hang" ] || sleep 60; made "$ROOT"; networkctl reload ;;
esac`,
  networkctl: `
echo "networkctl $*" >>"$ROOT/calls"
ip address flush dev ${LINK} scope global
links=$ROOT/run/systemd/netif/links
mkdir -p "$links"
printf 'ADMIN_STATE=configured\\nNETWORK_FILE=/run/systemd/network/10-netplan-50-cloud-init.yaml.network\\n' >"$links/$(cat /sys/class/net/${LINK}/ifindex)"
cd "$ROOT/run/systemd/network" || exit 0
for address in $(cat ./*.network | sed -n 's/^Address=//p'); do ip address add "$address" dev ${LINK}; done
ip route replace default via 10.9.0.1 2>/dev/null
for name in $(cat ./*.netdev 2>/dev/null | sed -n 's/^Name=//p'); do ip link show "$name" >/dev/null 2>&1 || ip link add "$name" address 02:00:00:00:00:01 type bridge; done`,
  systemctl: '\necho "systemctl $*" >>"$ROOT/calls"',
};

export interface Answer {
  /** Null: it was killed. */
  readonly code: number | null;
  readonly answer: Record<string, unknown>;
}

export interface NetguardGuest extends AsyncDisposable {
  readonly root: string;
  /** @param stop  it is killed at its so-manieth step, before it does it */
  ask(command: string, wish?: object, stop?: number): Promise<Answer>;
  /** One that goes on until it ends or is killed; `report` is the reporter. */
  start(command: string, wish?: object): ChildProcess;
  write(path: string, text: string): void;
  /** Links, addresses and routes, and netplan's files with all that belongs to them. */
  state(): Promise<unknown>;
  /** Only what lies in /etc/netplan. */
  files(): unknown;
  calls(): string[];
  /** An address is there that no file speaks of. */
  byHand(): Promise<void>;
  /** Everything in memory is lost; what netplan's generator makes of /etc is there, netguard's unit has run, and networkd reads. */
  reboot(stop?: number): Promise<void>;
}

const run = promisify(execFile);

/** @param room  its disk is a file system of so many bytes */
export async function netguardGuest(room?: number): Promise<NetguardGuest> {
  const root = mkdtempSync('/var/tmp/hf-netguard-');
  const space = `hft-${basename(root).slice(-6)}`;
  if (room !== undefined) await run('mount', ['-t', 'tmpfs', '-o', `size=${room},mode=0755`, 'tmpfs', root]);
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(PROGRAMS)) writeFileSync(join(bin, name), `#!/bin/sh\nROOT=${root}${script}\n`, { mode: 0o755 });
  const environment = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, HOLDFAST_NETGUARD_ROOT: root };
  const inside = async (...command: string[]): Promise<string> => (await run('ip', ['netns', 'exec', space, ...command], { env: environment })).stdout;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
  };
  const start = (command: string, wish?: object, stop?: number): ChildProcess => {
    const child = spawn('ip', ['netns', 'exec', space, '/usr/bin/python3', '-I', '-X', `pycache_prefix=${COMPILED}`, join(PROGRAM_FILES, command === 'report' ? 'report.py' : 'netguard.py'), ...(command === 'report' ? [] : [command])], {
      env: { ...environment, ...(stop === undefined ? {} : { HOLDFAST_NETGUARD_STOP: String(stop) }) }, stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin?.on('error', () => {});
    // A reporter goes on for as long as somebody listens.
    if (command !== 'report') child.stdin?.end(wish === undefined ? '' : JSON.stringify(wish));
    return child;
  };
  const ask = async (command: string, wish?: object, stop?: number): Promise<Answer> => {
    const child = start(command, wish, stop);
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => { said += text; });
    const code = await new Promise<number | null>((resolve) => { child.once('close', resolve); });
    return { code, answer: said === '' ? {} : JSON.parse(said) as Record<string, unknown> };
  };
  const files = (directory = '/etc/netplan'): unknown => !existsSync(root + directory) ? [] : readdirSync(root + directory).map((name) => {
    const path = `${root}${directory}/${name}`;
    const { mode, uid, gid, mtimeNs } = lstatSync(path, { bigint: true });
    return { name, mode: Number(mode), uid: Number(uid), gid: Number(gid), mtimeNs: String(mtimeNs), text: readFileSync(path, 'utf8') };
  });
  const boot = (): void => write('/proc/sys/kernel/random/boot_id', `${crypto.randomUUID()}\n`);

  await run('ip', ['netns', 'add', space]);
  await inside('ip', 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', PEER);
  await inside('ip', 'link', 'set', PEER, 'up');
  await inside('ip', 'link', 'set', LINK, 'up', 'mtu', '1400');
  boot();
  write(CLOUD_INIT, `ADDRESS ${ADDRESSES[0]}\n`);
  chmodSync(root + CLOUD_INIT, 0o640);
  chownSync(root + CLOUD_INIT, 12, 34);
  utimesSync(root + CLOUD_INIT, 1_600_000_000.25, 1_600_000_000.25);
  write('/etc/netplan/60-other.yaml', '# nothing\n');
  await inside('netplan', 'generate');
  await inside('networkctl', 'reload');
  const byHand = async (): Promise<void> => { await inside('ip', 'address', 'replace', ADDRESSES[1] ?? '', 'dev', LINK); };
  await byHand();

  return {
    byHand,
    root, ask, start, write, files,
    async state() {
      const parsed = async (...command: string[]): Promise<Record<string, unknown>[]> => JSON.parse(await inside('ip', '-j', ...command) || '[]') as Record<string, unknown>[];
      const links = (await parsed('address')).map(({ ifname, mtu, flags, address, addr_info: info }) => ({
        ifname, mtu, flags, address, addresses: (info as Record<string, unknown>[]).filter(({ scope }) => scope === 'global').map(({ local, prefixlen }) => `${String(local)}/${String(prefixlen)}`).toSorted(),
      }));
      return { links, routes: (await parsed('route')).map(({ dst, gateway, dev }) => ({ dst, gateway, dev })).toSorted((a, b) => String(a.dst).localeCompare(String(b.dst))), etc: files(), run: files('/run/netplan'), generated: files('/run/systemd/network') };
    },
    calls: () => existsSync(`${root}/calls`) ? readFileSync(`${root}/calls`, 'utf8').trim().split('\n') : [],
    async reboot(stop) {
      rmSync(`${root}/run`, { recursive: true, force: true });
      boot();
      await inside('ip', 'address', 'flush', 'dev', LINK, 'scope', 'global');
      for (const { ifname } of JSON.parse(await inside('ip', '-j', 'link')) as { ifname: string }[]) if (!['lo', LINK, PEER].includes(ifname)) await inside('ip', 'link', 'delete', ifname);
      await inside('netplan', 'generate');
      if (stop !== undefined) await ask('boot', undefined, stop);
      await ask('boot');
      await inside('networkctl', 'reload');
    },
    async [Symbol.asyncDispose]() {
      await run('ip', ['netns', 'delete', space]);
      if (room !== undefined) await run('umount', [root]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
