/** A daemon whose machines are the fake driver's: everything else is real. Run by node directly, with HOLDFAST_HOME set. */
import { fileURLToPath } from 'node:url';
import { serve } from '../../src/daemon/serve.ts';
import { FakeDriver } from '../../src/drivers/fake/fake-driver.ts';

const machineProcess = fileURLToPath(new URL('../../src/drivers/fake/machine-process.ts', import.meta.url));

await serve({
  assetsDir: fileURLToPath(new URL('../../dist/assets', import.meta.url)),
  makeDriver: ({ layout }) => new FakeDriver({ instancesDir: layout.data.instances, runDir: layout.run.directory, machineProcess, templatesDir: layout.data.templates }),
});
