/** Templates as the API sees them: made ahead of time, listed with their image's names, deleted. */
import type { WireOperation, WireTemplate } from '../api/schemas.ts';
import { fail } from '../core/errors.ts';
import { requireSize } from '../core/sizes.ts';
import { isForkable } from './instances/forking.ts';
import type { Templates } from '../drivers/driver.ts';
import type { House } from './instances/house.ts';
import type { Log } from './log/log.ts';

export interface TemplateRequest {
  readonly image?: string | undefined;
  readonly cpus?: number | undefined;
  readonly memory?: string | undefined;
}

const DEFAULT_DISK = '5G';
const PRUNE_EVERY_MS = 6 * 3600 * 1000;

/** @throws not-supported, image-not-found, bad-size */
export async function buildTemplate(house: House, { image, cpus = 1, memory = '1G' }: TemplateRequest): Promise<WireOperation> {
  const templates = requireTemplates(house);
  const chosen = await house.images.choose(image);
  const memoryBytes = requireSize('memory', memory);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return house.engine.begin({
    kind: 'template-build', instanceName: null, instanceId: null, request: {}, owner: house.owner,
    body: async (task) => {
      task.step('build');
      const found = await chosen(task);
      if (!isForkable(found.architecture)) throw fail('not-supported', `instances for ${found.architecture} are booted, not forked: there are no templates for them`, { hint: 'launch it: it needs none' });
      const wish = {
        architecture: found.architecture, imageDigest: found.digest, imageFormat: found.format, cpus, memoryBytes,
        diskBytes: Math.max(requireSize('disk', DEFAULT_DISK), found.virtualSizeBytes),
      } as const;
      const key = await templates.find(wish).catch(() => undefined) ?? await templates.make(wish, zone, task);
      return { key, image: found.label.name };
    },
  });
}

export async function listTemplates(house: House): Promise<WireTemplate[]> {
  const names = new Map((await house.images.list()).map((image) => [image.digest, image.names]));
  const all = await house.driver.templates?.all() ?? [];
  return all.map((info) => ({ ...info, names: names.get(info.imageDigest) ?? [] })).toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
}

/** @param start  of a key: as much of it as no other has. @throws not-found, bad-argument */
export async function deleteTemplate(house: House, start: string): Promise<void> {
  const templates = requireTemplates(house);
  const found = (await templates.all()).filter(({ key }) => start !== '' && key.startsWith(start));
  const [only, ...more] = found;
  if (only === undefined) throw fail('not-found', `there is no template ${start}`, { hint: 'see which there are: holdfast template list' });
  if (more.length > 0) throw fail('bad-argument', `${found.length} templates begin with ${start}`, { hint: 'say more of it' });
  await templates.remove(only.key);
}

/** Once before anything is made, and then from time to time; what cannot be cleared away is no reason to serve nobody. */
export async function keepTemplatesTidy(templates: Templates | undefined, log: Log): Promise<void> {
  const told = (error: unknown) => log.line('sweep', null, `old templates cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'see who owns them; it is tried again');
  await templates?.tidy().catch(told);
  setInterval(() => { void templates?.prune().catch(told); }, PRUNE_EVERY_MS).unref();
}

function requireTemplates({ driver }: House): Templates {
  if (driver.templates) return driver.templates;
  throw fail('not-supported', `the driver ${driver.name} has no templates`);
}
