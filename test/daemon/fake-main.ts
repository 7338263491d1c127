/** A daemon whose machines are the fake driver's: everything else is real. Run by node directly, with HOLDFAST_HOME set. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calledAs } from '../../src/core/program.ts';
import { serve } from '../../src/daemon/serve.ts';
import { holdfastdOptions } from '../../src/daemon/wiring/holdfastd.ts';
import { contractOf, multipassdOptions } from '../../src/daemon/wiring/multipassd.ts';
import { fakeNetwork } from './fake-network.ts';
import { FakeDriver } from '../../src/drivers/fake/fake-driver.ts';

const machineProcess = fileURLToPath(new URL('../../src/drivers/fake/machine-process.ts', import.meta.url));

const { program, rest } = calledAs(process.argv.slice(2));
const multipassd = program === 'multipass' ? multipassdOptions(rest, process.env) : undefined;

await serve({
  // As main.ts has it.
  contract: multipassd && contractOf(multipassd, process.env, (text) => process.stderr.write(text)),
  address: (multipassd ?? holdfastdOptions(rest)).address,
  assetsDir: fileURLToPath(new URL('../../dist/assets', import.meta.url)),
  productsScript: fileURLToPath(new URL('../../src/images/streams/products-worker.ts', import.meta.url)),
  sftpScript: fileURLToPath(new URL('../../src/host/sftp/main.ts', import.meta.url)),
  // uids, a line each, in a file that a test may change.
  members: async () => (await readFile(join(process.env['HOLDFAST_HOME'] ?? '', 'members'), 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number),
  makeNetwork: fakeNetwork,
  makeDriver: ({ layout }) => new FakeDriver({ instancesDir: layout.data.instances, runDir: layout.run.directory, machineProcess, templatesDir: layout.data.templates }),
});
