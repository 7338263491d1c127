/** Clones a stopped instance: the two disks lie on what they have in common, and nothing is copied. */
import { randomBytes } from 'node:crypto';
import type { WireCloneWish, WireOperation } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';
import type { ExtraCard, Instance, InstanceSpec } from '../../core/instance.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import { requireInstanceName } from '../../core/names.ts';
import { freeSubnetIndex } from '../../core/subnets.ts';
import { clonedMounts, leftOut } from '../mounts/whose.ts';
import { homeSubnet } from '../network/home-subnet.ts';
import { reserveAddress } from '../network/reserve.ts';
import type { Result, Task } from '../operations/engine.ts';
import { Supervisor } from '../supervisor.ts';
import type { House } from './house.ts';
import { freshId, freshMac } from './identity.ts';
import { requireFreeName } from './launch-request.ts';
import { removeForGood } from './remove.ts';

export const CLONE_STEPS = ['freeze', 'record', 'create', 'settle'] as const;
export const CLONE_KIND = 'clone';

/** As the operation has it, so that the next daemon makes the same one. */
export interface CloneRequest {
  readonly name: string;
  readonly id: string;
  readonly layer: string;
  /** That it has: whoever asks has a say in that. */
  readonly mounts: readonly Mount[];
}

/** @throws instance-not-found, wrong-state, instance-exists, bad-name, not-supported */
export function clone(house: House, source: string, { name: wanted }: WireCloneWish): WireOperation {
  const supervisor = house.registry.require(source);
  if (!house.driver.abilities.snapshot) throw fail('not-supported', `the driver ${house.driver.name} clones nothing`);
  if (supervisor.occupation) throw supervisor.busy(supervisor.occupation);
  if (supervisor.state !== 'Stopped') throw fail('wrong-state', 'Holdfast can only clone stopped instances.', { hint: `${source} is ${supervisor.state}; stop it first: holdfast stop ${source}` });
  const name = wanted === undefined ? freeCloneName(house, source) : requireInstanceName(wanted);
  requireFreeName(house, name);
  const request: CloneRequest = {
    name, id: freshId(new Set(house.registry.everybodys.map(({ id }) => id))), layer: randomBytes(8).toString('hex'),
    mounts: clonedMounts(house, supervisor.record.instance.spec.mounts ?? []),
  };
  return house.engine.begin({
    kind: CLONE_KIND, instanceName: source, instanceId: supervisor.id, request, owner: house.owner,
    body: (task) => performClone(house, supervisor, request, task),
  });
}

/** Also for what an earlier daemon left: each step done again comes to the same. */
export async function performClone(house: House, source: Supervisor, request: CloneRequest, task: Task): Promise<Result> {
  const { name, id, layer } = request;
  using _busy = source.occupy({ operation: task.id, kind: CLONE_KIND });
  task.step('freeze');
  task.progress(`Cloning ${source.name}`);
  await house.driver.freeze?.(source.machineSpec, layer, task);
  task.step('record');
  const made = house.registry.byId(id) ?? await enrol(house, source, request);
  leftOut(source.record.instance.spec.mounts ?? [], request.mounts, task);
  using _new = made.occupy({ operation: task.id, kind: CLONE_KIND });
  try {
    task.step('create');
    await house.driver.create(made.machineSpec, task, { layer });
    task.step('settle');
    made.settle('Stopped');
  } catch (error) {
    await removeForGood(house, made);
    throw error;
  }
  return { name };
}

async function enrol(house: House, { record: { instance: source, timezone, userData } }: Supervisor, { name, id, mounts }: CloneRequest): Promise<Supervisor> {
  const subnet = source.spec.network === undefined ? undefined : await homeSubnet(house.network, { zone: source.zone }) ?? undefined;
  requireFreeName(house, name);
  const now = new Date().toISOString();
  const instance: Instance = { ...source, id, name, owner: house.owner, spec: { ...specOf(source.spec, subnet, house.registry.everybodys.map(({ record }) => record.instance)), ...(mounts.length === 0 ? {} : { mounts }) }, createdAt: now };
  const record = { instance, timezone, userData, wanted: { running: false, deleted: false }, observed: { state: 'Stopped' as const, reason: null, at: now } };
  house.store.insert(record);
  const made = new Supervisor(record, house);
  house.registry.add(made);
  made.appeared();
  return made;
}

/** Size and networks are the source's; nothing that says which machine it is, and no static address. */
function specOf(source: InstanceSpec, subnet: string | undefined, taken: readonly Instance[]): InstanceSpec {
  const { autostart: _, stopAt: __, mounts: ___, cards, network, ...same } = source;
  const macs = new Set(taken.flatMap(({ spec }) => [spec.mac, ...(spec.cards ?? []).map((card) => card.mac)]));
  const mac = freshMac(macs);
  const first = network === undefined || subnet === undefined ? undefined : reserveAddress(subnet, taken);
  // Its own default card's address counts as taken.
  const mine: ExtraCard[] = [{ slot: 0, mac, network: null, mode: 'auto', address: first ?? null, seeded: true }];
  for (const { fixed: _fixed, ...card } of cards ?? []) {
    const own = freshMac(new Set([...macs, ...mine.map((each) => each.mac)]));
    mine.push({ ...card, mac: own, address: card.address === null || subnet === undefined ? null : reserveAddress(subnet, taken, mine), seeded: true });
  }
  return {
    ...same, mac, cloned: true, subnetIndex: freeSubnetIndex(new Set(taken.map(({ spec }) => spec.subnetIndex))),
    ...(first === undefined ? {} : { network: { kind: 'bridge', address: first } }),
    ...(cards === undefined ? {} : { cards: mine.slice(1) }),
  };
}

function freeCloneName({ registry }: House, source: string): string {
  for (let number = 1; ; number += 1) {
    const name = `${source}-clone${number}`;
    if (!registry.everybodys.some((each) => each.name === name)) return requireInstanceName(name);
  }
}
