/** Where the files of one machine lie. Names in the run directory are short: a socket's path must fit into sun_path, which is checked for the home (core/home.ts). */
import { join } from 'node:path';
import { MOST_NATIVE } from '../../core/mounts/native.ts';
import { LANES, type Lane } from '../../guest/lane-port.ts';

/** The part of the home's layout that this driver uses. */
export interface DriverPlaces {
  readonly instancesDir: string;
  readonly runDir: string;
  /** Remembers which accelerators carry a guest on this host. */
  readonly acceleratorFile: string;
  /** Booted machines to fork. */
  readonly templatesDir: string;
  /** Disks that were frozen. */
  readonly layersDir: string;
}

export interface MachineFiles {
  readonly directory: string;
  readonly keys: string;
  readonly disk: string;
  readonly seed: string;
  readonly state: string;
  readonly firmwareVariables: string;
  readonly consoleLog: string;
  readonly complaints: string;
  readonly run: MachineSockets;
}

export interface MachineSockets {
  readonly directory: string;
  readonly pid: string;
  /** What its state is saved through. Beside the directory, which is its QEMU's: the daemon gives it this one, and may be led nowhere else. */
  readonly migration: string;
  readonly monitor: string;
  /** A second monitor, for people and their tools: QEMU serves one client on each, and the daemon has the first. */
  readonly spareMonitor: string;
  readonly console: string;
  readonly rescue: string;
  readonly lanes: Readonly<Record<Lane, string>>;
  /** Of servers of files, by the place on the bus. */
  readonly shares: readonly string[];
}

export function machineFiles({ instancesDir, runDir }: DriverPlaces, id: string): MachineFiles {
  const directory = join(instancesDir, id);
  const run = join(runDir, id);
  return {
    directory,
    keys: join(directory, 'keys'),
    disk: join(directory, 'disk.qcow2'),
    seed: join(directory, 'seed.iso'),
    state: join(directory, 'machine.json'),
    firmwareVariables: join(directory, 'firmware-vars.fd'),
    consoleLog: join(directory, 'console.log'),
    complaints: join(directory, 'qemu.log'),
    run: {
      directory: run,
      pid: join(run, 'pid'),
      migration: `${run}.mig`,
      monitor: join(run, 'qmp'),
      spareMonitor: join(run, 'mon'),
      console: join(run, 'con'),
      rescue: join(run, 'aux'),
      lanes: Object.fromEntries(LANES.map((lane, index) => [lane, join(run, `l${index + 1}`)])) as Record<Lane, string>,
      shares: Array.from({ length: MOST_NATIVE }, (_, index) => join(run, `fs${index}`)),
    },
  };
}
