/** The daemon as it ships: the one place where its driver, its guests and its images are constructed. */
import { join } from 'node:path';
import { HoldfastError } from '../core/errors.ts';
import { QemuDriver } from '../drivers/qemu/qemu-driver.ts';
import { freezeGuest } from '../guest/fork/freeze.ts';
import { setClock, thawGuest } from '../guest/fork/thaw.ts';
import { holdGuest } from '../guest/hold.ts';
import { serve } from './serve.ts';
import { DEFAULT_USER, guestFiles } from './wiring/seed-writer.ts';

const assetsDir = process.env['HOLDFAST_ASSETS'] ?? join(import.meta.dirname, 'assets');

// The bundle is CommonJS, which has no await at its top.
main().catch((error: unknown) => {
  // One line for whoever started it; a bug shows where it is.
  const known = error instanceof HoldfastError;
  // The last line is what the CLI quotes.
  const trace = known || !(error instanceof Error) ? '' : `${error.stack}\n`;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${trace}${message}${known && error.hint ? `; ${error.hint}` : ''}\n`);
  process.exit(known ? 2 : 3);
});

async function main(): Promise<void> {
  const guest = await guestFiles(assetsDir);
  await serve({
    assetsDir,
    makeDriver: ({ layout, resolveImage, log }) => new QemuDriver({
      layout: { instancesDir: layout.data.instances, runDir: layout.run.directory, acceleratorFile: join(layout.home, 'accelerators.json'), templatesDir: layout.data.templates },
      resolveImage, log, holdGuest, freezeGuest, thawGuest, setClock, writeSeed: guest.writeSeed, defaultUser: DEFAULT_USER, agent: guest.renewal,
    }),
  });
}
