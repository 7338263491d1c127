/** The dnsmasq of one zone's network: a process that outlives the daemon, found again by pid and start time, or by its command line. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import { announcesIpv6, dnsmasqConfig, reservations, withoutStaleLeases, type DnsmasqFiles, type NamedCard } from '../../core/network/dnsmasq-config.ts';
import type { ZoneNetwork } from '../../core/network/home-network.ts';
import { boundComplaints, lastComplaint, startDetached, type ExitStatus } from '../process/detached.ts';
import { endBySignals, isHeldBySignal, isSameProcess, processStartTime, signalProcess, type ProcessIdentity } from '../process/identity.ts';
import { run } from '../process/run.ts';
import { writeWhole } from '../write-whole.ts';

const LOG_MAX_BYTES = 256 * 1024;
const READY_MS = 10_000;
const END_MS = 3_000;

export class Dnsmasq {
  readonly network: ZoneNetwork;
  readonly #program: string;
  readonly #files: DnsmasqFiles & { readonly log: string; readonly process: string };
  #identity: ProcessIdentity | undefined;

  constructor(network: ZoneNetwork, directory: string, program: string) {
    this.network = network;
    this.#program = program;
    const at = (name: string): string => join(directory, name);
    this.#files = { config: at('dnsmasq.conf'), pid: at('dnsmasq.pid'), leases: at('leases'), reservations: at('reservations'), names: at('names'), log: at('dnsmasq.log'), process: at('dnsmasq.json') };
  }

  /** Runs, and serves these cards and no other. @param hosts  names and their addresses, as in /etc/hosts  @param signal  breaks a start off  @throws tool-missing, machine-failed, the signal's reason */
  async serve(cards: readonly NamedCard[], hosts: string, signal?: AbortSignal): Promise<void> {
    await this.#list(cards, hosts);
    // What it announces it reads when it starts.
    const config = await readFile(this.#files.config, 'utf8').catch(() => undefined);
    if (config !== undefined && announcesIpv6(config) !== (this.network.prefix6 !== null)) await this.stop();
    const leases = await readFile(this.#files.leases, 'utf8').catch(() => '');
    const cleared = withoutStaleLeases(leases, cards);
    if (cleared !== undefined) {
      // It keeps its leases in memory, and would write the old ones back.
      await this.stop();
      await writeWhole(this.#files.leases, cleared, 0o644);
    }
    await boundComplaints(this.#files.log, LOG_MAX_BYTES);
    if (!(await this.#readAgain())) await this.#start(signal);
  }

  /** The same where there are fewer cards than before; one that does not run is not started. */
  async tell(cards: readonly NamedCard[], hosts: string): Promise<void> {
    await this.#list(cards, hosts);
    await this.#readAgain();
  }

  async #list(cards: readonly NamedCard[], hosts: string): Promise<void> {
    await writeWhole(this.#files.reservations, reservations(cards), 0o644);
    await writeWhole(this.#files.names, hosts, 0o644);
  }

  /** @returns whether it runs */
  async #readAgain(): Promise<boolean> {
    const running = await this.#find();
    if (running !== undefined && await isHeldBySignal(running)) await signalProcess(running, 'SIGCONT');
    return running !== undefined && await signalProcess(running, 'SIGHUP');
  }

  /** It runs, and is not held by a signal. */
  async isServing(): Promise<boolean> {
    const running = await this.#find();
    return running !== undefined && !(await isHeldBySignal(running));
  }

  async stop(): Promise<void> {
    const running = await this.#find();
    this.#identity = undefined;
    if (running !== undefined) await endBySignals(running, END_MS);
    await rm(this.#files.process, { force: true });
  }

  /** Whether it was ever started since its files were last removed. */
  async hasTraces(): Promise<boolean> {
    return await stat(this.#files.config).then(() => true, () => false);
  }

  async remove(): Promise<void> {
    await this.stop();
    await Promise.all(Object.values(this.#files).map((path) => rm(path, { force: true })));
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const { config, log, process } = this.#files;
    const user = await unprivilegedUser();
    await writeWhole(config, dnsmasqConfig(this.network, this.#files, user));
    await rm(this.#files.pid, { force: true });
    const { identity, exited } = await startDetached({
      tool: this.#program, package: 'dnsmasq-base', args: ['--keep-in-foreground', `--conf-file=${config}`], complaintsPath: log,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    });
    this.#identity = identity;
    await writeWhole(process, JSON.stringify(identity));
    try {
      await this.#untilServing(exited, signal);
    } catch (error) {
      // It would be taken for one that serves.
      await this.stop();
      throw error;
    }
  }

  /** It writes its pid when it has its sockets; where it cannot have them it ends, and says why. */
  async #untilServing(exited: Promise<ExitStatus>, signal: AbortSignal | undefined): Promise<void> {
    let ended = false;
    void exited.then(() => { ended = true; });
    for (const until = performance.now() + READY_MS; performance.now() < until;) {
      if (await readFile(this.#files.pid, 'utf8').then((text) => text.trim() !== '', () => false)) return;
      signal?.throwIfAborted();
      if (ended) {
        throw fail('machine-failed', `dnsmasq did not start: ${await lastComplaint(this.#files.log) ?? 'it said nothing'}`, {
          hint: 'what has its ports: ss -lnp "sport = :53 or sport = :67"; what refused it: journalctl -t dnsmasq',
        });
      }
      await Promise.race([exited, new Promise((resolve) => { setTimeout(resolve, 10); })]);
    }
    throw fail('machine-failed', `dnsmasq did not get ready within ${READY_MS / 1000} s`);
  }

  async #find(): Promise<ProcessIdentity | undefined> {
    if (this.#identity !== undefined && await isSameProcess(this.#identity)) return this.#identity;
    this.#identity = undefined;
    const recorded = await readFile(this.#files.process, 'utf8').then((text) => JSON.parse(text) as ProcessIdentity, () => undefined);
    if (recorded !== undefined && await isSameProcess(recorded)) {
      if (await this.#readsOurs(recorded.pid)) this.#identity = recorded;
      // It has been started where the home was before.
      else await endBySignals(recorded, END_MS);
    }
    this.#identity ??= await this.#search();
    return this.#identity;
  }

  async #readsOurs(pid: number | string): Promise<boolean> {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').includes(`--conf-file=${this.#files.config}`);
  }

  /** One whose start was cut off before it was written down. */
  async #search(): Promise<ProcessIdentity | undefined> {
    for (const name of await readdir('/proc')) {
      const pid = Number(name);
      if (!Number.isSafeInteger(pid)) continue;
      if (!(await this.#readsOurs(pid))) continue;
      const startTime = await processStartTime(pid);
      if (startTime !== undefined) return { pid, startTime };
    }
    return undefined;
  }
}

/** Debian's package brings a user of its own; elsewhere there is nobody. */
async function unprivilegedUser(): Promise<string> {
  return await run({ tool: 'getent', args: ['passwd', 'dnsmasq'], package: 'libc-bin', deadlineMs: 5_000 }).then(() => 'dnsmasq', () => 'nobody');
}
