/** The daemon of the service's test, inside a guest: its machines are the fake driver's, a QEMU in an emulated guest would take minutes. */
import { join } from 'node:path';
import { HOST_GROUP } from '../../../src/core/home.ts';
import { serve } from '../../../src/daemon/serve.ts';
import { FakeDriver } from '../../../src/drivers/fake/fake-driver.ts';
import { groupMembers } from '../../../src/host/group-members.ts';

const here = import.meta.dirname;

serve({
  assetsDir: join(here, 'assets'),
  productsScript: join(here, 'products-worker.cjs'),
  sftpScript: join(here, 'holdfast-sftp.cjs'),
  members: groupMembers(HOST_GROUP),
  makeDriver: ({ layout }) => new FakeDriver({ instancesDir: layout.data.instances, runDir: layout.run.directory, machineProcess: join(here, 'machine-process.cjs') }),
}).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
});
