/** One machine as the host sees it: its process, its monitor, its ports, and what its address does. */
import type { Duplex } from 'node:stream';
import { userSubnet } from '../../../core/subnets.ts';
import { isHeldBySignal, isSameProcess, signalProcess } from '../../../host/process/identity.ts';
import type { AddressPort } from '../../../guest/lane-port.ts';
import { printable } from '../../../guest/ssh/failure.ts';
import { broken, nothing, well, type Check, type Finding } from '../../check.ts';
import type { MachineSpec } from '../../driver.ts';
import type { MachineFiles } from '../layout.ts';
import { bridgeAddress, neighbourCheck } from './neighbour.ts';
import type { QemuMachine } from '../machine.ts';
import type { RunState } from '../qmp/messages.ts';
import { readState } from '../state-file.ts';

interface Examined {
  readonly machine: MachineSpec;
  readonly files: MachineFiles;
  readonly held: () => QemuMachine | undefined;
  /** The home's bridge that has an address; undefined where that is not known. */
  readonly bridgeAt: (address: string) => Promise<string | undefined>;
}

const MONITOR_MS = 3_000;
/** sshd's banner; emulated it takes seconds. */
const BANNER_MS = { native: 3_000, slow: 12_000 };

export function machineChecks(parts: Examined): readonly Check[] {
  const { machine: { name, spec }, held, bridgeAt } = parts;
  const slow = held()?.accelerator === 'tcg';
  const bannerMs = slow ? BANNER_MS.slow : BANNER_MS.native;
  return [
    { id: 'process', layer: 'machine', title: 'QEMU\'s process', deadlineMs: 2_000, run: () => processOf(parts) },
    { id: 'monitor', layer: 'machine', title: 'its monitor (QMP)', needs: ['process'], deadlineMs: MONITOR_MS + 500, run: () => monitorOf(parts) },
    neighbourCheck(spec, bridgeAt),
    {
      id: 'by-address', layer: 'by-address', title: 'its sshd, from the host', needs: ['monitor', 'link', 'address', 'sshd'], deadlineMs: bannerMs + 1_000,
      async run(signal) {
        const machine = held();
        if (!machine) return nothing('this daemon does not hold it');
        const guest = bridgeAddress(spec) ?? userSubnet(spec.subnetIndex).guest;
        const said = await bannerOf(machine.address, AbortSignal.any([signal, AbortSignal.timeout(bannerMs)]));
        if (said?.startsWith('SSH-')) return well(`it answers at ${guest}: ${said}`);
        return broken(`nothing answers at port 22 of ${guest}${said === undefined ? '' : ` as an sshd does (${said})`}`,
          `see its firewall: holdfast exec ${name} -- sudo nft list ruleset; control does not need this way`);
      },
    },
  ];
}

async function processOf({ machine: { name }, files }: Examined): Promise<Finding> {
  const run = (await readState(files.state))?.run;
  if (!run) return broken('it has none', `start it: holdfast start ${name}`);
  if (!(await isSameProcess(run))) return broken('it has ended', `start it: holdfast start ${name}`);
  if (!(await isHeldBySignal(run))) return well(`it runs on ${run.accelerator} since ${run.startedAt}`);
  return broken('it was stopped by a signal (SIGSTOP)', 'let it go on: kill -CONT', {
    deadlineMs: 2_000,
    run: async () => {
      await signalProcess(run, 'SIGCONT');
      return 'let it go on (SIGCONT)';
    },
  });
}

const SOUND: ReadonlySet<RunState> = new Set(['running']);
/** What may simply go on. */
const PAUSED: ReadonlySet<RunState> = new Set(['paused', 'io-error', 'suspended', 'prelaunch', 'debug', 'watchdog']);

async function monitorOf({ machine: { name }, held }: Examined): Promise<Finding> {
  const machine = held();
  if (!machine) return broken('this daemon does not hold it: its monitor did not answer when it was taken over', `try again: holdfast info ${name}; or pull its plug: holdfast stop --force ${name}`);
  const startedAt = performance.now();
  const { status } = await machine.monitor.execute('query-status', undefined, MONITOR_MS);
  if (SOUND.has(status)) return well(`it answers in ${Math.round(performance.now() - startedAt)} ms: the machine is ${status}`);
  if (!PAUSED.has(status)) return broken(`the machine is ${status}`, `see its console (holdfast logs ${name}), then: holdfast stop --force ${name}, holdfast start ${name}`);
  const full = status === 'io-error' ? 'its disk could not be written, the host\'s may be full: free some space, then let it go on' : 'let it go on';
  return broken(`the machine is paused (${status})`, full, {
    deadlineMs: MONITOR_MS,
    run: async () => {
      await machine.monitor.execute('cont', undefined, MONITOR_MS);
      return 'let the machine go on';
    },
  });
}

/** @returns the first line, or undefined when nobody answered */
async function bannerOf(address: AddressPort, signal: AbortSignal): Promise<string | undefined> {
  let stream: Duplex | undefined;
  try {
    stream = await address.connect(signal);
    return await firstLine(stream, signal);
  } catch {
    return undefined;
  } finally {
    stream?.destroy();
  }
}

function firstLine(stream: Duplex, signal: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let heard = '';
  const end = (): void => resolve(heard === '' ? undefined : printable(heard, 80));
  stream.on('data', (piece: Buffer) => {
    heard = (heard + piece.toString('latin1')).slice(0, 300);
    if (heard.includes('\n') || heard.length >= 300) end();
  });
  stream.on('error', end);
  stream.on('close', end);
  signal.addEventListener('abort', end, { once: true });
  return promise;
}
