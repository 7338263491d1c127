/** The host as the daemon needs it; what the driver needs of it is the driver's own table. */
import { constants } from 'node:fs';
import { access, chmod, stat, statfs } from 'node:fs/promises';
import type { HomeLayout } from '../../core/home.ts';
import { broken, warning, well, type Check, type Finding } from '../../drivers/check.ts';
import { isInstalled, pathWithSbin, requireBuildTools } from '../../images/build/tools.ts';

export interface HostQuestion {
  readonly layout: HomeLayout;
  readonly version: string;
}

const GiB = 1024 ** 3;
/** An image and one instance that has been updated once. */
const [NEEDED_BYTES, COMFORTABLE_BYTES] = [1 * GiB, 5 * GiB];

export function hostChecks({ layout, version }: HostQuestion): readonly Check[] {
  return [
    {
      id: 'daemon', layer: 'daemon', title: 'the daemon', deadlineMs: 1_000,
      run: () => Promise.resolve(well(`${version} serves ${layout.run.socket}`)),
    },
    { id: 'home', layer: 'home', title: 'its home', deadlineMs: 5_000, run: () => home(layout) },
    { id: 'modes', layer: 'rights', title: 'modes of the home', deadlineMs: 5_000, run: () => modes(layout) },
    { id: 'disk', layer: 'disk', title: 'disk space', deadlineMs: 5_000, run: () => space(layout.home) },
    {
      id: 'image-tools', layer: 'images', title: 'tools that build images', deadlineMs: 5_000,
      async run() {
        const lacking = await requireBuildTools(pathWithSbin(process.env['PATH']), { asRoot: process.getuid?.() === 0, foreign: false }).then(() => undefined, (error: Error & { hint?: string }) => error);
        return lacking ? warning(`${lacking.message}; images that are there can be launched`, lacking.hint ?? 'install them') : well('all are there');
      },
    },
    {
      id: 'signatures', layer: 'images', title: 'gpgv, which verifies lists of images', deadlineMs: 5_000,
      run: async () => (await isInstalled('gpgv', process.env['PATH'] ?? '') ? well('it is there')
        : warning('gpgv is not installed: what Ubuntu publishes cannot be verified, so nothing new of it is found; images that are there can be launched', 'install: sudo apt-get install gpgv')),
    },
    {
      id: 'xz', layer: 'images', title: 'xz, which unpacks images', deadlineMs: 5_000,
      run: async () => (await isInstalled('xz', process.env['PATH'] ?? '') ? well('it is there')
        : warning('xz is not installed: images that are published compressed cannot be unpacked', 'install: sudo apt-get install xz-utils')),
    },
  ];
}

async function home({ home: directory, data }: HomeLayout): Promise<Finding> {
  for (const path of [directory, data.instances, data.images, data.database]) {
    try {
      await access(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      return broken(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, 'see who owns it, and whether its file system is read-only');
    }
  }
  return well(directory);
}

async function modes({ home: directory, run, data, directoryMode }: HomeLayout): Promise<Finding> {
  const wrong: string[] = [];
  for (const path of new Set([directory, run.directory, data.instances, data.images])) {
    const { mode } = await stat(path);
    if ((mode & 0o777) !== directoryMode) wrong.push(path);
  }
  const wanted = directoryMode.toString(8);
  if (wrong.length === 0) return well(`${wanted}, as they should be`);
  return broken(`${wrong.join(', ')} ${wrong.length > 1 ? 'have' : 'has'} another mode than ${wanted}`, `chmod ${wanted} ${wrong.join(' ')}`, {
    deadlineMs: 5_000,
    run: async () => {
      for (const path of wrong) await chmod(path, directoryMode);
      return `set the mode of ${wrong.join(', ')} to ${wanted}`;
    },
  });
}

async function space(directory: string): Promise<Finding> {
  const { bavail, bsize, ffree, files } = await statfs(directory);
  const bytes = bavail * bsize;
  const free = `${(bytes / GiB).toFixed(1)} GiB free where ${directory} is`;
  const remedy = 'free some: holdfast delete --purge what is not needed, holdfast template list; or move the home: HOLDFAST_HOME=…';
  if (files > 0 && ffree === 0) return broken(`no inode is left where ${directory} is`, remedy);
  if (bytes < NEEDED_BYTES) return broken(free, remedy);
  return bytes < COMFORTABLE_BYTES ? warning(free, remedy) : well(free);
}
