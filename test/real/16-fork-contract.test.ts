/** The contract for forking on real QEMU and a real guest: in a home of its own, with a copy of the shared home's template. */
import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { DEFAULT_USER, guestFiles } from '../../src/daemon/wiring/seed-writer.ts';
import { QemuDriver } from '../../src/drivers/qemu/qemu-driver.ts';
import { TemplateStore } from '../../src/drivers/qemu/template/store.ts';
import { freezeGuest } from '../../src/guest/fork/freeze.ts';
import { setClock } from '../../src/guest/clock.ts';
import { thawGuest } from '../../src/guest/fork/thaw.ts';
import { holdGuest } from '../../src/guest/hold.ts';
import { describeForking } from '../contract/fork-suite.ts';
import { CHECKOUT, makeTestHome } from './home.ts';

describeForking('qemu', async () => {
  const home = await makeTestHome({ imagesFrom: inject('images') });
  const at = (...names: string[]): string => join(home.directory, ...names);
  await promisify(execFile)('cp', ['-a', '--sparse=always', join(inject('home'), 'templates'), home.directory]);
  // As the daemon lays them down.
  for (const name of ['instances', 'run']) await mkdir(at(name), { mode: 0o711 });
  const [template] = await new TemplateStore(at('templates')).all();
  if (template === undefined) throw new Error('the shared home has no template');
  const { shape, diskBytes } = template.record;
  const { writeSeed, renewal } = await guestFiles(join(CHECKOUT, 'dist/assets'));
  const layout = { instancesDir: at('instances'), runDir: at('run'), acceleratorFile: join(inject('home'), 'accelerators.json'), templatesDir: at('templates'), layersDir: at('layers') };
  return {
    daemon: () => new QemuDriver({
      layout, resolveImage: (digest, format) => at('images', `${digest}.${format}`), log: () => undefined,
      holdGuest, freezeGuest, thawGuest, setClock, writeSeed, defaultUser: DEFAULT_USER, agent: renewal,
    }),
    machine: (id, name) => ({
      id, name, instanceId: `holdfast-${id}`, architecture: shape.architecture, timezone: 'UTC', userData: undefined,
      spec: { ...shape, diskBytes, mac: id === '00c0ffee' ? '52:54:00:00:c0:fe' : '52:54:00:ba:dc:af', subnetIndex: 9 },
    }),
    template: () => Promise.resolve({ key: template.key, wish: { ...shape, diskBytes } }),
    remains: async (id) => (await readdir(home.directory, { recursive: true })).filter((path) => path.includes(id)).toSorted(),
    async dispose() { await home[Symbol.asyncDispose](); },
  };
});
