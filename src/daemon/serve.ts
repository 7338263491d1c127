/** Runs a daemon on its home: takes over what runs, serves, and lets go without stopping a VM. */
import type { ServerAddress } from '../core/server-address.ts';
import { VERSION } from '../core/version.ts';
import { hostBootId } from '../host/process/identity.ts';
import { clockJumped } from './guest-clocks.ts';
import { keepImagesPruned } from './images/pruning.ts';
import { comeBack, hostStart } from './instances/come-back.ts';
import type { House } from './instances/house.ts';
import { openLog } from './log/log.ts';
import { giveUpBridges } from './network/host-bridges.ts';
import { takeOver } from './recovery.ts';
import { keepTemplatesTidy } from './templates.ts';
import { watchClock } from './wiring/clock-watch.ts';
import { Doors } from './wiring/doors.ts';
import { openHome } from './wiring/home.ts';
import { openHouse, type HouseParts, type OpenHouse } from './wiring/house.ts';
import { watchTheUncaught } from './wiring/last-resort.ts';
import { endEarly, leaveWhenTold } from './wiring/leaving.ts';
import type { Contract } from './wiring/multipassd.ts';

export interface DaemonParts extends HouseParts {
  /** uids of others who are served too, each by a socket of his own; asked again and again. Nobody when absent. */
  readonly members?: (() => Promise<readonly number[]>) | undefined;
  /** Where to listen besides the home's socket; where it names none on TCP, local.address decides. */
  readonly address?: ServerAddress | undefined;
  /** Of a service manager that keeps it under Multipass's name. */
  readonly contract?: Contract | undefined;
}

/** Resolves once it listens; the process then goes on until it is told to end. @throws home-unusable, home-too-new, daemon-already-running */
export async function serve({ members, contract, address, ...parts }: DaemonParts): Promise<void> {
  process.title = 'holdfastd';
  const early = endEarly();
  const home = openHome();
  const { layout } = home;
  const log = openLog(layout.data.log, Date.now, contract?.echo);
  const bug = (where: string, error: unknown): void =>
    log.line(`bug in ${where}`, null, `bug in ${where}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`, 'please report this');
  watchTheUncaught(bug);
  // Of a terminal that was closed, or a reload of the service: nothing to end for.
  process.on('SIGHUP', () => {});
  const doors = new Doors({ layout, address, usual: contract?.usual, members, log, bug });
  const opened = await openHouse(parts, { layout, log, bug, onSetting: () => doors.settingChanged(), listenAt: async (at) => await doors.listenAt(at) });
  const { house } = opened;
  await takeUp(opened);
  await doors.open(house);
  goOn(opened, bug);
  log.line('start', null, `holdfastd ${VERSION} serves ${layout.run.socket}`);
  early[Symbol.dispose]();
  leaveWhenTold({ home, house, doors, contract });
}

/** What there is, as the last daemon left it; what nothing claims goes, now and from time to time. */
async function takeUp({ house, operations, images }: OpenHouse): Promise<void> {
  const host = hostStart(house.settings, await hostBootId());
  await takeOver(house, operations, host.restarted);
  host.remember();
  void tidyNetwork(house);
  await keepTemplatesTidy(house.driver.templates, house.log);
  keepImagesPruned(house, images.store);
}

async function tidyNetwork(house: House): Promise<void> {
  const { network, registry, log } = house;
  if (!network) return;
  try {
    // One that could not be taken over yet may run.
    await network.tidy((id) => { const found = registry.byId(id); return found !== undefined && (found.machine !== undefined || found.state === 'Unknown'); });
    await giveUpBridges(house);
  } catch (error) {
    log.line('sweep', null, `what is left of the home's network cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'the next daemon tries again');
  }
}

/** With what the last daemon had begun, or had put off. */
function goOn({ house, images }: OpenHouse, bug: (where: string, error: unknown) => void): void {
  watchClock((ms) => void clockJumped(house.registry.all, ms, house.log));
  images.remotes.keepFresh();
  house.delayed.resume(house.registry.all);
  void comeBack(house, 'the host\'s restart').catch((error: unknown) => bug('coming back', error));
}
