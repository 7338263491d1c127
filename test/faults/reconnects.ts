/** Cuts each lane's connection again and again from the host's side, and runs a command over the next one: none may stay dead. */
import { join } from 'node:path';
import { QemuDriver } from '../../src/drivers/qemu/qemu-driver.ts';
import type { RunningMachine } from '../../src/drivers/driver.ts';
import { DEFAULT_USER } from '../../src/daemon/wiring/seed-writer.ts';
import type { Use } from '../../src/guest/access.ts';
import { holdGuest } from '../../src/guest/hold.ts';
import { runCommand } from '../../src/guest/run-command.ts';
import { openDb } from '../../src/store/db.ts';
import { instanceStore } from '../../src/store/instances.ts';
import { patiently, type TestHome } from '../real/home.ts';

export interface Reconnects {
  readonly lane: Use;
  /** From taking the machine over to a command that ended with 0 over the lane, all lanes at once. */
  readonly seconds: readonly number[];
}

/** Longer than any deadline on the way: a lane that needs it is dead. */
const DEADLINE_MS = 30_000;
const LANES: readonly Use[] = ['control', 'session', 'bulk'];

/** In the daemon's place, since a lane takes one connection: its home must have none, and gets none back. @throws with the lane and the turn that failed */
export async function reconnect(home: TestHome, instance: string, times: number): Promise<Reconnects[]> {
  await home.endDaemon();
  const seconds = new Map<Use, number[]>(LANES.map((lane) => [lane, []]));
  for (let turn = 0; turn <= times; turn += 1) {
    // Letting go cuts all lanes; the first taking over is no reconnect.
    await using machine = await takeOver(home.directory, instance);
    const since = performance.now();
    await Promise.all(LANES.map(async (lane) => {
      await use(machine, lane, `at reconnect ${turn}`);
      if (turn > 0) seconds.get(lane)?.push((performance.now() - since) / 1000);
    }));
  }
  return [...seconds].map(([lane, all]) => ({ lane, seconds: all }));
}

const notHere = () => Promise.reject(new Error('nothing is created here'));

async function takeOver(directory: string, name: string): Promise<RunningMachine> {
  const driver = new QemuDriver({
    layout: { instancesDir: join(directory, 'instances'), runDir: join(directory, 'run'), acceleratorFile: join(directory, 'accelerators.json'), templatesDir: join(directory, 'templates'), layersDir: join(directory, 'layers') },
    resolveImage: () => { throw new Error('nothing is created here'); },
    log: () => {}, holdGuest, writeSeed: notHere, freezeGuest: notHere, thawGuest: notHere, setClock: notHere, defaultUser: DEFAULT_USER,
  });
  using db = openDb(join(directory, 'holdfast.db'));
  const record = instanceStore(db).all().find(({ instance }) => instance.name === name);
  if (record === undefined) throw new Error(`there is no ${name} in ${directory}`);
  const { instance, timezone, userData } = record;
  const found = await driver.adopt({ ...instance, instanceId: `holdfast-${instance.id}`, timezone, userData });
  if (found === undefined || !('guest' in found)) throw new Error(`${name} does not run: ${JSON.stringify(found)}`);
  return found;
}

async function use(machine: RunningMachine, lane: Use, when: string): Promise<void> {
  const deadlineMs = patiently(DEADLINE_MS);
  const signal = AbortSignal.timeout(deadlineMs);
  const { shell, rung, passedOver } = await machine.guest.reach(lane, { deadlineMs, signal });
  if (rung !== 'lane') throw new Error(`the ${lane} lane was dead ${when}: ${passedOver.join('; ')}`);
  const { exit } = await runCommand(shell, ['true'], { maxBytes: 4096, deadlineMs, signal });
  if (!('code' in exit) || exit.code !== 0) throw new Error(`the ${lane} lane ${when}: true ended with ${JSON.stringify(exit)}`);
}
