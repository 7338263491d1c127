/** Launch by forking: a template where there is one or can be made; where anything about it fails, a boot, and one line that says why. */
import type { Architecture } from '../../core/instance.ts';
import type { TemplateWish } from '../../drivers/driver.ts';
import type { Task } from '../operations/engine.ts';
import type { Supervisor } from '../supervisor.ts';
import { powerOn } from './boot.ts';
import type { House } from './house.ts';

export interface LayDown {
  readonly cold: boolean;
}

/** Creates the machine and starts it. @returns whether it was forked  @throws what a cold launch fails with, cancelled */
export async function layDown(house: House, supervisor: Supervisor, { cold }: LayDown, task: Task): Promise<boolean> {
  const { templates } = house.driver;
  const wish = wishOf(supervisor);
  const forkable = !cold && templates !== undefined && wish !== undefined && house.settings.get('local.templates') !== 'false';
  if (forkable) {
    task.step('template');
    let key: string | undefined;
    try {
      key = await templates.find(wish) ?? await templates.make(wish, supervisor.record.timezone, task);
      await createAndStart(house, supervisor, task, key);
      return true;
    } catch (error) {
      task.signal.throwIfAborted();
      // A boot needs no less, and the template is not to blame; nor is it where nothing is started any more.
      if (house.hostEnd.signal.aborted || (key !== undefined && isNoSpace(error))) throw error;
      await giveUp(house, supervisor, key, error, task);
    }
  }
  await createAndStart(house, supervisor, task);
  return false;
}

/** A fork does not carry UEFI's variables, as yet. */
export function isForkable(architecture: Architecture): boolean {
  return architecture === 'x86_64';
}

/** What a template of it would be; undefined where there can be none. */
function wishOf({ machineSpec: { architecture, spec } }: Supervisor): TemplateWish | undefined {
  const { imageDigest, imageFormat, cpus, memoryBytes, diskBytes } = spec;
  return isForkable(architecture) ? { architecture, imageDigest, imageFormat, cpus, memoryBytes, diskBytes } : undefined;
}

async function createAndStart(house: House, supervisor: Supervisor, task: Task, template?: string): Promise<void> {
  // A fork has been through its first boot: what its seed says of cards would not be read.
  const { spec } = supervisor.record.instance;
  if (spec.cards) supervisor.respecify({ ...spec, cards: spec.cards.map((card) => ({ ...card, seeded: template === undefined })) });
  task.step('create');
  task.progress(`Creating ${supervisor.name}`);
  await house.driver.create(supervisor.machineSpec, task, { template });
  task.step('start');
  await powerOn(house, supervisor, task);
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'no-space' || error.code === 'ENOSPC');
}

/** The template is not trusted any more: the next launch makes a new one. */
async function giveUp(house: House, supervisor: Supervisor, key: string | undefined, error: unknown, task: Task): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  await supervisor.detach();
  await house.driver.remove(supervisor.id, supervisor.name);
  if (key !== undefined) await house.driver.templates?.remove(key).catch(() => undefined);
  const notice = `${supervisor.name} is booted instead of forked: ${why}`;
  task.notice(notice);
  house.log.line('template', supervisor.name, notice, 'nothing needs doing; to launch without templates: holdfast launch --cold');
}
