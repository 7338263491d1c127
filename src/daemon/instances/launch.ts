/**
 * Launch, step by step. Until its machine runs an interruption undoes it all; from then on the instance stands, and an
 * interrupted launch is finished by the next daemon.
 */
import type { WireLaunch, WireOperation } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';
import type { Instance, InstanceSpec } from '../../core/instance.ts';
import { freeSubnetIndex } from '../../core/subnets.ts';
import type { InstanceRecord } from '../../store/instances.ts';
import type { ResolvedImage } from '../images/service.ts';
import type { Result, Task } from '../operations/engine.ts';
import { chooseNetwork, type NetworkChoice } from '../network/choose.ts';
import { specifyCards } from '../network/extra-cards.ts';
import { bringBridges } from '../network/host-bridges.ts';
import { bridgeSpec } from '../network/reserve.ts';
import { Supervisor } from '../supervisor.ts';
import { tellNewFork } from '../network/keep-cards.ts';
import { openTheWay, untilHeld, untilInitialised } from './boot.ts';
import { layDown } from './forking.ts';
import { defaultTimeout, type House } from './house.ts';
import { freshId, freshMac } from './identity.ts';
import { removeForGood } from './remove.ts';
import { clearAway } from './start.ts';
import { checkLaunch, requireFreeName, type CheckedLaunch } from './launch-request.ts';

/** Steps in order. Until its machine runs, which it does during `start`, an interruption is undone by the next daemon; from then on it is finished. */
export const LAUNCH_STEPS = ['record', 'template', 'create', 'start', 'reach', 'initialise', 'settle'] as const;
const UNDONE: readonly string[] = ['', 'record', 'template', 'create'];

export async function launch(house: House, request: WireLaunch): Promise<WireOperation> {
  const checked = await checkLaunch(house, request);
  return house.engine.begin({
    kind: 'launch', instanceName: checked.name, instanceId: null,
    request: checked.timeoutSeconds === undefined ? {} : { timeoutSeconds: checked.timeoutSeconds }, owner: house.owner,
    body: (task) => begin(house, checked, task),
  });
}

async function begin(house: House, checked: CheckedLaunch, task: Task): Promise<Result> {
  for (const warning of checked.warnings) task.notice(warning);
  const image = await checked.image(task);
  const network = await chooseNetwork(house, checked.zone, (notice) => task.notice(notice));
  const supervisor = enrol(house, checked, { image, network }, task);
  using _busy = supervisor.occupy({ operation: task.id, kind: 'launch' });
  let forked: boolean;
  try {
    task.step('record');
    await bringBridges(house, checked.cards.flatMap(({ ethernet }) => ethernet ?? []), task);
    forked = await layDown(house, supervisor, checked, task);
  } catch (error) {
    await takeBack(house, supervisor);
    throw error;
  }
  return await finish(house, supervisor, checked.timeoutSeconds ?? defaultTimeout(supervisor.record.instance.architecture), task, forked && checked.userData === undefined);
}

/** The part that a later daemon can do as well. A cancelled launch leaves nothing; a slow one leaves the instance to be looked at. */
async function finish(house: House, supervisor: Supervisor, seconds: number, task: Task, initialised = false): Promise<Result> {
  try {
    task.step('reach');
    task.progress(`Waiting for ${supervisor.name} to answer`);
    if (!initialised) await untilHeld(supervisor, seconds, task.signal);
    task.step('initialise');
    task.progress('Waiting for initialization to complete');
    // A fork without data of the user's has been through it as its template.
    if (!initialised) await untilInitialised(supervisor, seconds, task.signal);
    await openTheWay(supervisor, task.signal);
    await tellNewFork(supervisor, task);
    task.step('settle');
  } catch (error) {
    if (task.signal.aborted) await callOff(house, supervisor);
    else if (supervisor.state === 'Starting') supervisor.settle('Running', supervisor.machine?.guest.hold.level === 'held' ? null : 'its guest has not answered yet');
    throw error;
  }
  supervisor.settle('Running');
  for (const notice of verdictOf(supervisor)) task.notice(notice);
  return { name: supervisor.name, zone: supervisor.record.instance.zone };
}

/** The instance is there and can be entered, whatever became of what the user asked cloud-init for: told, and no failure of the launch. */
function verdictOf({ name, machine }: Supervisor): readonly string[] {
  const { status, detail } = machine?.guest.reports.system?.cloudInit ?? { status: 'unknown', detail: '' };
  if (status === 'degraded') return [`cloud-init in ${name} finished with warnings: ${detail}`];
  if (status !== 'error') return [];
  return [
    `cloud-init in ${name} ended with an error, and what it was to set up may be missing: ${detail || 'it gave no reason'}`,
    `see: holdfast exec ${name} -- cloud-init status --long, and what it ran: holdfast exec ${name} -- sudo cat /var/log/cloud-init-output.log`,
  ];
}

/** What went wrong first is what is told; what cannot be cleared away stays in the list, so that nothing is lost from sight. */
async function takeBack(house: House, supervisor: Supervisor): Promise<void> {
  await removeForGood(house, supervisor).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    supervisor.settle('Unknown', `its launch failed, and what was made could not be removed: ${why}`);
    house.log.line('leftover', supervisor.name, `what the failed launch of ${supervisor.name} left cannot be cleared away: ${why}`, `try again: holdfast delete --purge ${supervisor.name}`);
  });
}

/** Ctrl-C takes the launch back; whoever stops or deletes what is being launched wants it to be there, stopped. */
async function callOff(house: House, supervisor: Supervisor): Promise<void> {
  if (supervisor.record.wanted.running) return await removeForGood(house, supervisor);
  await clearAway(house, supervisor);
  supervisor.settle('Stopped');
}

interface InterruptedLaunch {
  readonly step: string;
  readonly request: { readonly timeoutSeconds?: number };
  readonly hostRestarted: boolean;
}

/**
 * What the next daemon does with a launch that was interrupted.
 * @param hostRestarted  meanwhile: its machine did not crash, and comes back (come-back.ts)
 */
export async function resumeLaunch(house: House, supervisor: Supervisor, { step, request, hostRestarted }: InterruptedLaunch, task: Task): Promise<Result> {
  using _busy = supervisor.occupy({ operation: task.id, kind: 'launch' });
  const seconds = request.timeoutSeconds ?? defaultTimeout(supervisor.record.instance.architecture);
  if (UNDONE.includes(step) || (step === 'start' && !supervisor.machine)) {
    await removeForGood(house, supervisor);
    throw fail('cancelled', `the launch of ${supervisor.name} was interrupted before its machine ran, and was undone`, { hint: 'launch it again' });
  }
  if (!supervisor.machine && hostRestarted) {
    supervisor.settle('Stopped', 'the host was restarted');
    throw fail('cancelled', `the host was restarted before ${supervisor.name} had finished starting`, {
      hint: supervisor.record.wanted.running ? `it is started again; see: holdfast info ${supervisor.name}` : `start it: holdfast start ${supervisor.name}`,
    });
  }
  if (!supervisor.machine) {
    supervisor.settle('Crashed', 'its machine ended while no daemon was watching');
    throw fail('boot-failed', `${supervisor.name} ended while it was starting, and no daemon was watching`, { hint: `start it again: holdfast start ${supervisor.name}` });
  }
  // One that panicked meanwhile has been settled already.
  if (!supervisor.machine.end) supervisor.settle('Starting');
  return await finish(house, supervisor, seconds, task);
}

function enrol(house: House, checked: CheckedLaunch, { image, network }: { readonly image: ResolvedImage; readonly network: NetworkChoice }, task: Task): Supervisor {
  requireFreeName(house, checked.name);
  const taken = house.registry.everybodys.map(({ record }) => record.instance);
  const mac = freshMac(new Set(taken.flatMap(({ spec: { mac: first, cards = [] } }) => [first, ...cards.map((card) => card.mac)])));
  const own = bridgeSpec(network, taken);
  const spec: InstanceSpec = {
    cpus: checked.cpus, memoryBytes: checked.memoryBytes, diskBytes: Math.max(checked.diskBytes, image.virtualSizeBytes),
    imageDigest: image.digest, imageFormat: image.format,
    mac,
    subnetIndex: freeSubnetIndex(new Set(taken.map((each) => each.spec.subnetIndex))),
    ...(checked.bridged ? { bridged: true } : {}),
    ...own, ...specifyCards(checked.cards, taken, { mac, address: own.network?.address }),
  };
  const now = new Date().toISOString();
  const instance: Instance = {
    id: freshId(new Set(taken.map((each) => each.id))), name: checked.name, architecture: image.architecture, node: house.node, owner: house.owner,
    spec, image: image.label, zone: checked.zone, createdAt: now,
  };
  const record: InstanceRecord = {
    instance, timezone: checked.timezone, userData: checked.userData,
    wanted: { running: true, deleted: false }, observed: { state: 'Starting', reason: null, at: now },
  };
  task.bind(instance.id);
  house.store.insert(record);
  const supervisor = new Supervisor(record, house);
  house.registry.add(supervisor);
  supervisor.appeared();
  return supervisor;
}
