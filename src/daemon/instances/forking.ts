/** Launch by forking: a template where there is one or can be made; where anything about it fails, a boot, and one line that says why. */
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
      await giveUp(house, supervisor, key, error, task);
    }
  }
  await createAndStart(house, supervisor, task);
  return false;
}

/** What a template of it would be; undefined for what a fork cannot carry: UEFI's variables, as yet. */
function wishOf({ machineSpec: { architecture, spec } }: Supervisor): TemplateWish | undefined {
  const { imageDigest, imageFormat, cpus, memoryBytes, diskBytes } = spec;
  return architecture === 'x86_64' ? { architecture, imageDigest, imageFormat, cpus, memoryBytes, diskBytes } : undefined;
}

async function createAndStart(house: House, supervisor: Supervisor, task: Task, template?: string): Promise<void> {
  task.step('create');
  task.progress(`Creating ${supervisor.name}`);
  await house.driver.create(supervisor.machineSpec, task, template);
  task.step('start');
  await powerOn(house, supervisor, task);
}

/** The template is not trusted any more: the next launch makes a new one. */
async function giveUp(house: House, supervisor: Supervisor, key: string | undefined, error: unknown, task: Task): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  await supervisor.detach();
  await house.driver.remove(supervisor.id);
  if (key !== undefined) await house.driver.templates?.remove(key).catch(() => undefined);
  const notice = `${supervisor.name} is booted instead of forked: ${why}`;
  task.notice(notice);
  house.log.line('template', supervisor.name, notice, 'nothing needs doing; to launch without templates: holdfast launch --cold');
}
